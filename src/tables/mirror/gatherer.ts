import type { FoundEntries, FoundObjects, RecipientSink, Rejection } from '../../ldap/types.ts';
import { BlockSums } from '../../state/mirror/block-sums.ts';
import type { Objects, Stream } from '../../state/mirror/columns.ts';
import type { Run, RunSorting } from '../columns/runs.ts';
import { IdTable } from './id-table.ts';
import { StreamBuilder } from './stream.ts';
import type { TextSums } from './write-whole.ts';

/** What became of an object since the last extraction. */
export const NOTICE = { none: 0, changed: 1, deleted: 2 } as const;

/** What one extraction brought, each entry and rejection with the number of its object. */
export interface Gathered {
  readonly mode: 'full' | 'delta';
  /** Every object that was named; one that gives nothing has an empty DN. */
  readonly table: IdTable;
  readonly objects: Objects;
  /** One of `NOTICE` for each object. */
  readonly notices: Uint8Array;
  /** For each selection, whether its whole answer is here. */
  readonly restarted: readonly boolean[];
  /** As they came: first the entries of each selection, then the rejections of each, the value and why it was refused. */
  readonly streams: readonly Stream[];
  /** For each stream its first entries in runs, as many as were sorted while others came. */
  readonly runs: readonly Promise<readonly Run[]>[];
  readonly sums: TextSums;
}

const EXPECTED_OBJECTS = 1 << 18;

/** Takes what an extraction gives, and forgets again what turns out to be void. */
export class Gatherer implements RecipientSink {
  readonly #selections: number;
  readonly #sorting: RunSorting | undefined;
  readonly #started: ((mode: 'full' | 'delta') => void) | undefined;
  readonly #noticed: ((id: Uint8Array) => void) | undefined;
  #mode: 'full' | 'delta' = 'full';
  #table = new IdTable(0);
  #dns: Uint8Array = new Uint8Array(0);
  #dnsUsed = 0;
  #dnStart: Uint32Array = new Uint32Array(0);
  #dnEnd: Uint32Array = new Uint32Array(0);
  #dnSums = new BlockSums();
  #notices = new Uint8Array(0);
  /** Visits before this one count for nothing any more, by object. Only objects that were void once are in it. */
  #voidBefore = new Map<number, number>();
  /** A visit is an object that came; an object may be visited several times. */
  #visits = 0;
  #visitObject: Uint32Array = new Uint32Array(0);
  #hasRepeats = false;
  /** Whether each visit was to the object of its own number, as in a full extraction in which nothing happens meanwhile. */
  #isInOrder = true;
  #restarted: boolean[] = [];
  #builders: StreamBuilder[] = [];

  /**
   * @param started hears of every attempt, and may put an end to it by an error
   * @param noticed hears of every object that changed, before it is read
   */
  constructor(
    selections: number,
    sorting?: RunSorting,
    started?: (mode: 'full' | 'delta') => void,
    noticed?: (id: Uint8Array) => void,
  ) {
    this.#selections = selections;
    this.#sorting = sorting;
    this.#started = started;
    this.#noticed = noticed;
  }

  begin(mode: 'full' | 'delta'): void {
    this.#started?.(mode);
    const expected = mode === 'full' ? EXPECTED_OBJECTS : 1024;
    this.#mode = mode;
    this.#table = new IdTable(expected);
    this.#dns = new Uint8Array(new SharedArrayBuffer(expected * 96));
    this.#dnsUsed = 0;
    this.#dnSums = new BlockSums();
    this.#dnStart = new Uint32Array(new SharedArrayBuffer(expected * 4));
    this.#dnEnd = new Uint32Array(new SharedArrayBuffer(expected * 4));
    this.#notices = new Uint8Array(expected);
    this.#voidBefore = new Map();
    this.#visits = 0;
    this.#visitObject = new Uint32Array(expected);
    this.#hasRepeats = false;
    this.#isInOrder = true;
    this.#restarted = Array.from({ length: this.#selections }, () => false);
    this.#builders = Array.from({ length: this.#selections * 2 }, (_, stream) => this.#builder(stream));
  }

  restart(selection: number): void {
    this.#restarted[selection] = true;
    for (const stream of [selection, this.#selections + selection]) {
      this.#builders[stream] = this.#builder(stream);
    }
  }

  changed(id: Uint8Array, why: 'changed' | 'deleted'): void {
    this.#noticed?.(id);
    this.#reserve(1);
    const object = this.#table.add(id);
    this.#notices[object] = NOTICE[why];
    this.#voidBefore.set(object, this.#visits);
  }

  objects({ count, ids, dns, dnStart, dnEnd }: FoundObjects): void {
    this.#appendDns(dns);
    this.#reserve(count);
    const first = this.#visits;
    const known = this.#table.count;
    const visited = this.#visitObject.subarray(first, first + count);
    this.#table.addAll(ids, visited);
    this.#visits += count;
    if (known === first && this.#table.count === first + count) {
      // New ones only, and so far each came once.
      this.#dnStart.set(dnStart, first);
      this.#dnEnd.set(dnEnd, first);
    } else {
      for (let i = 0; i < count; i++) {
        const object = visited[i];
        this.#isInOrder &&= object === first + i;
        if (this.#dnEnd[object] > this.#dnStart[object]) this.#hasRepeats = true;
        this.#dnStart[object] = dnStart[i];
        this.#dnEnd[object] = dnEnd[i];
      }
    }
    if (this.#mode === 'full') this.#sum();
  }

  entries(selection: number, entries: FoundEntries): void {
    this.#builders[selection].addAll(entries);
  }

  rejected(selection: number, object: number, { value, reason }: Rejection): void {
    const text = Buffer.from(value + reason);
    const middle = Buffer.byteLength(value);
    const builder = this.#builders[this.#selections + selection];
    builder.add(object, text, 0, middle, middle, text.length);
  }

  /** The gatherer must not be used afterwards. */
  finish(): Gathered {
    const { count, ids } = this.#table;
    const streams = this.#builders.map((builder, stream) =>
      this.#settle(builder.finish(), this.#restarted[stream % this.#selections]),
    );
    return {
      mode: this.#mode,
      table: this.#table,
      objects: {
        count,
        ids,
        dns: this.#dns.subarray(0, this.#dnsUsed),
        dnStart: this.#dnStart.subarray(0, count),
        dnEnd: this.#dnEnd.subarray(0, count),
        slots: this.#table.slots,
      },
      notices: this.#notices.subarray(0, count),
      restarted: this.#mode === 'full' ? this.#restarted.map(() => true) : this.#restarted,
      streams,
      // Numbers of entries are others where some were left out.
      runs: this.#builders.map((builder, number) =>
        builder.count === streams[number].count ? builder.runs() : Promise.resolve([]),
      ),
      sums: { dns: this.#dnSums, pools: this.#builders.map(({ poolSums }) => poolSums) },
    };
  }

  /** Leaves out what is void, in place, and puts objects in the place of visits. */
  #settle(stream: Stream, restarted: boolean): Stream {
    // Where each object was visited once, and none noticed besides, they were given the numbers of their visits.
    if (this.#voidBefore.size === 0 && this.#visits === this.#table.count) return stream;
    const { keyStart, keyEnd, valueStart, valueEnd, object: visitOf } = stream;
    const latest = this.#hasRepeats ? this.#latestVisits(stream) : undefined;
    // What a full extraction catches up with is read for all selections, those searched by themselves too.
    const isVoid = (this.#mode === 'full' || !restarted) && this.#voidBefore.size > 0;
    if (latest === undefined && !isVoid) {
      if (!this.#isInOrder) for (let i = 0; i < stream.count; i++) visitOf[i] = this.#visitObject[visitOf[i]];
      return stream;
    }
    let count = 0;
    for (let i = 0; i < stream.count; i++) {
      const visit = visitOf[i];
      const object = this.#visitObject[visit];
      if (latest !== undefined && latest[object] !== visit) continue;
      if (isVoid && visit < (this.#voidBefore.get(object) ?? 0)) continue;
      keyStart[count] = keyStart[i];
      keyEnd[count] = keyEnd[i];
      valueStart[count] = valueStart[i];
      valueEnd[count] = valueEnd[i];
      visitOf[count++] = object;
    }
    return { ...stream, count };
  }

  /** The last visit that brought something to this stream, by object: when an object comes twice, the later counts. */
  #latestVisits({ count, object: visitOf }: Stream): Uint32Array {
    const latest = new Uint32Array(this.#table.count);
    for (let i = 0; i < count; i++) {
      const object = this.#visitObject[visitOf[i]];
      latest[object] = Math.max(latest[object], visitOf[i]);
    }
    return latest;
  }

  /** Checksums of a mirror's texts are made while the server has the next ones to find. */
  #sum(): void {
    this.#dnSums.follow(this.#dns.subarray(0, this.#dnsUsed));
    for (const builder of this.#builders) builder.sum();
  }

  /** Makes room for so many visits, and objects. */
  #reserve(more: number): void {
    while (this.#visits + more > this.#visitObject.length) this.#visitObject = grown(this.#visitObject);
    while (this.#table.count + more > this.#dnStart.length) {
      this.#dnStart = grown(this.#dnStart);
      this.#dnEnd = grown(this.#dnEnd);
      const notices = new Uint8Array(this.#dnStart.length);
      notices.set(this.#notices);
      this.#notices = notices;
    }
  }

  #appendDns(dns: Uint8Array): void {
    const needed = this.#dnsUsed + dns.length;
    if (needed > this.#dns.length) {
      const larger = new Uint8Array(new SharedArrayBuffer(this.#dns.length * 2 + needed));
      larger.set(this.#dns);
      this.#dns = larger;
    }
    this.#dns.set(dns, this.#dnsUsed);
    this.#dnsUsed = needed;
  }

  /** Room for all recipients of a full extraction costs nothing until it is touched; rejections are few. */
  #builder(stream: number): StreamBuilder {
    const isLarge = this.#mode === 'full' && stream < this.#selections;
    return isLarge
      ? new StreamBuilder(undefined, undefined, this.#sorting)
      : new StreamBuilder(1024, 1 << 16);
  }
}

function grown(column: Uint32Array): Uint32Array {
  const larger = new Uint32Array(new SharedArrayBuffer(Math.max(1024, column.length * 2) * 4));
  larger.set(column);
  return larger;
}
