import type { Pairs } from '../../dbm/pairs.ts';
import type { Base } from '../../state/mirror/base.ts';
import { ID_BYTES, type Objects, type Stream } from '../../state/mirror/columns.ts';
import { decodeContributions, encodeEntries } from '../../state/mirror/contributions.ts';
import type { OverlayObject } from '../../state/mirror/records.ts';
import { compareBytes } from '../columns/bytes.ts';
import { sharedBytes, sharedColumn } from '../columns/shared-memory.ts';
import { BaseLookups, type Claim } from './base-lookups.ts';
import { IdTable } from './id-table.ts';
import { combine, firstFrom, StreamBuilder, sortStream } from './stream.ts';

/** What the objects of a directory give: first the entries of each selection, then the rejections of each. */
export interface Contents {
  /** The ids of the objects by their numbers; some that give nothing may be among them. */
  readonly ids: Uint8Array;
  /** In the order of a mirror. */
  stream(number: number): Stream;
  /** Who gives a key to a stream, in the order of a mirror: the first is the one that counts. */
  claims(number: number, key: Uint8Array): Claim[];
  /** Entries of a stream, a few at a time, from here and there: had for less than all of them. */
  some(number: number): Iterable<Pairs>;
  /** Reads all that the other methods need of a stream, so that these don't fail any more. */
  load(number: number): void;
  id(object: number): Uint8Array;
  dn(object: number): Uint8Array;
}

/** What a full extraction brought. */
export class FullContents implements Contents {
  readonly objects: Objects;
  readonly #streams: readonly Stream[];

  /** @param streams in the order of a mirror */
  constructor(objects: Objects, streams: readonly Stream[]) {
    this.objects = objects;
    this.#streams = streams;
  }

  stream(number: number): Stream {
    return this.#streams[number];
  }

  claims(number: number, key: Uint8Array): Claim[] {
    return claimsIn(this.#streams[number], key);
  }

  some(number: number): Iterable<Pairs> {
    return [this.#streams[number]];
  }

  load(): void {}

  get ids(): Uint8Array {
    return this.objects.ids;
  }

  id(object: number): Uint8Array {
    return idOf(this.ids, object);
  }

  dn(object: number): Uint8Array {
    return dnOf(this.objects, object);
  }
}

/** A single object, and all that it gives, as `encodeContributions` has it. */
export interface Known {
  readonly dn: Uint8Array;
  readonly contributions: Uint8Array;
}

/** Of a stream that is not read whole, about so many runs of so many entries are had for little. */
const RUNS = 64;
const RUN = 32;

const NOTHING: Known = { dn: new Uint8Array(0), contributions: new Uint8Array(0) };

interface Overlay {
  readonly table: IdTable;
  readonly objects: Objects;
  readonly streams: readonly Stream[];
}

/** A base file and the objects that changed since. Read where and when it is asked for. */
export class StoredContents implements Contents {
  readonly base: Base;
  readonly #changed: readonly OverlayObject[];
  readonly #streams = new Map<number, Stream>();
  readonly #lookups: BaseLookups;
  #overlay: Overlay | undefined;
  #ids: Uint8Array | undefined;

  /** @param changed each object once */
  constructor(base: Base, changed: readonly OverlayObject[], lookups = new BaseLookups(base)) {
    this.base = base;
    this.#changed = changed;
    this.#lookups = lookups;
  }

  /** @throws DamagedFileError, as do the other methods */
  get ids(): Uint8Array {
    if (this.#changed.length === 0) return this.base.ids;
    this.#ids ??= sharedBytesOf(this.base.ids, this.#laid().objects.ids);
    return this.#ids;
  }

  /** Objects that give nothing may be among them. @throws DamagedFileError */
  objects(): Objects {
    return this.#changed.length === 0 ? this.base.objects : joined(this.base.objects, this.#laid().objects);
  }

  stream(number: number): Stream {
    if (this.#changed.length === 0) return this.base.stream(number);
    const known = this.#streams.get(number);
    if (known !== undefined) return known;
    const { table, streams } = this.#laid();
    const stream = combine(
      this.base.stream(number),
      this.base.ids,
      this.#replaced(),
      streams[number],
      table.ids,
      this.base.withBytes(number, streams[number].pool),
    );
    this.#streams.set(number, stream);
    return stream;
  }

  claims(number: number, key: Uint8Array): Claim[] {
    const whole = this.base.loaded(number);
    const inBase = whole === undefined ? this.#lookups.claims(number, key) : claimsIn(whole, key);
    if (this.#changed.length === 0) return [...inBase];
    const { streams } = this.#laid();
    const { objectCount } = this.base;
    const kept = inBase.filter(({ object }) => !this.#isReplaced(object));
    const changed = claimsIn(streams[number], key);
    if (changed.length === 0) return kept;
    for (const { object, value } of changed) kept.push({ object: object + objectCount, value });
    return kept.sort(
      (a, b) => Buffer.compare(this.id(a.object), this.id(b.object)) || Buffer.compare(a.value, b.value),
    );
  }

  *some(number: number): Iterable<Pairs> {
    const stream = this.base.sparse(number);
    const step = Math.max(RUN, Math.floor(stream.count / RUNS));
    for (let first = 0; first < stream.count; first += step) {
      const run = Array.from({ length: Math.min(RUN, stream.count - first) }, (_, i) => first + i);
      yield stream.pick(run.filter((entry) => !this.#isReplaced(stream.object(entry))));
    }
  }

  load(number: number): void {
    this.base.stream(number);
    this.#laid();
  }

  /** Lets go of a stream, so that no more of them are in memory than are needed. */
  release(number: number): void {
    this.#streams.delete(number);
    this.base.release(number);
  }

  id(object: number): Uint8Array {
    const inBase = object < this.base.objectCount;
    return inBase ? this.base.id(object) : idOf(this.#laid().objects.ids, object - this.base.objectCount);
  }

  dn(object: number): Uint8Array {
    const inBase = object < this.base.objectCount;
    return inBase ? this.base.dn(object) : dnOf(this.#laid().objects, object - this.base.objectCount);
  }

  /** The same base under other changes. */
  with(changed: readonly OverlayObject[]): StoredContents {
    return new StoredContents(this.base, changed, this.#lookups);
  }

  /** What objects give, by their numbers in `wanted`. */
  known(wanted: IdTable): Known[] {
    const found: Known[] = Array.from({ length: wanted.count }, () => NOTHING);
    const { base } = this;
    for (const object of this.#changed) {
      const number = wanted.find(object.id);
      if (number >= 0) found[number] = object;
    }
    for (const number of found.keys()) {
      const object = found[number] === NOTHING ? base.find(idOf(wanted.ids, number)) : -1;
      if (object < 0) continue;
      const parts = Array.from({ length: base.streamCount }, (_, stream) => {
        const entries = base.sparse(stream).pick(base.entriesOf(stream, object));
        return encodeEntries(entries, stream, [...entries.object.keys()]);
      });
      found[number] = { dn: base.dn(object), contributions: Buffer.concat(parts) };
    }
    return found;
  }

  /** Everything as a new base wants it: every object once, and none that has been replaced. */
  folded(): { objects: Objects; streams: Stream[] } {
    const replaced = this.#replaced();
    const objects = this.objects();
    const numbers = new Uint32Array(objects.count);
    let count = 0;
    const ids = Buffer.from(new SharedArrayBuffer(objects.count * ID_BYTES));
    const dnStart = sharedColumn(objects.count);
    const dnEnd = sharedColumn(objects.count);
    for (let object = 0; object < objects.count; object++) {
      if (object < replaced.length && replaced[object] !== 0) continue;
      numbers[object] = count;
      ids.set(objects.ids.subarray(object * ID_BYTES, (object + 1) * ID_BYTES), count * ID_BYTES);
      dnStart[count] = objects.dnStart[object];
      dnEnd[count++] = objects.dnEnd[object];
    }
    const streams = Array.from({ length: this.base.streamCount }, (_, number) => {
      const stream = this.stream(number);
      const object = sharedColumn(stream.count);
      for (let i = 0; i < stream.count; i++) object[i] = numbers[stream.object[i]];
      return { ...stream, object };
    });
    return {
      objects: { count, ids: ids.subarray(0, count * ID_BYTES), dns: objects.dns, dnStart, dnEnd },
      streams,
    };
  }

  /** Whether the overlay has an object of the base. */
  #isReplaced(object: number): boolean {
    return this.#changed.length > 0 && this.#laid().table.find(this.base.id(object)) >= 0;
  }

  /** The same of all objects of the base. */
  #replaced(): Uint8Array {
    const replaced = new Uint8Array(this.base.objectCount);
    for (const { id } of this.#changed) {
      const object = this.base.find(id);
      if (object >= 0) replaced[object] = 1;
    }
    return replaced;
  }

  #laid(): Overlay {
    this.#overlay ??= this.#lay();
    return this.#overlay;
  }

  #lay(): Overlay {
    const table = new IdTable(this.#changed.length);
    const builders = Array.from(
      { length: this.base.streamCount },
      () => new StreamBuilder(Math.max(16, this.#changed.length), 1 << 16),
    );
    const dnStart = sharedColumn(this.#changed.length);
    const dnEnd = sharedColumn(this.#changed.length);
    let dnBytes = 0;
    for (const { id, dn, contributions } of this.#changed) {
      const object = table.add(id);
      dnStart[object] = dnBytes;
      dnBytes += dn.length;
      dnEnd[object] = dnBytes;
      decodeContributions(contributions, (stream, keyStart, keyEnd, valueStart, valueEnd) => {
        builders[stream].add(object, contributions, keyStart, keyEnd, valueStart, valueEnd);
      });
    }
    const dns = Buffer.concat(
      this.#changed.map(({ dn }) => dn),
      dnBytes,
    );
    const streams = builders.map((builder) => sortStream(builder.finish(), table.ids));
    return { table, objects: { count: table.count, ids: table.ids, dns, dnStart, dnEnd }, streams };
  }
}

/** The entries of a sorted stream with a key. */
function claimsIn(stream: Stream, key: Uint8Array): Claim[] {
  const { count, pool, keyStart, keyEnd, valueStart, valueEnd, object } = stream;
  const claims: Claim[] = [];
  for (let i = firstFrom(stream, key); i < count; i++) {
    if (compareBytes(pool, keyStart[i], keyEnd[i], key, 0, key.length) !== 0) break;
    claims.push({ object: object[i], value: pool.subarray(valueStart[i], valueEnd[i]) });
  }
  return claims;
}

/** The numbers of the entries of some objects, in the order of the stream. */
export function entriesOf(stream: Stream, wanted: (object: number) => boolean): Map<number, number[]> {
  const lists = new Map<number, number[]>();
  for (let i = 0; i < stream.count; i++) {
    const object = stream.object[i];
    if (wanted(object)) append(lists, object, i);
  }
  return lists;
}

function append(lists: Map<number, number[]>, object: number, entry: number): void {
  const list = lists.get(object);
  if (list === undefined) lists.set(object, [entry]);
  else list.push(entry);
}

function idOf(ids: Uint8Array, object: number): Uint8Array {
  return ids.slice(object * ID_BYTES, (object + 1) * ID_BYTES);
}

function dnOf({ dns, dnStart, dnEnd }: Objects, object: number): Uint8Array {
  return dns.slice(dnStart[object], dnEnd[object]);
}

function joined(a: Objects, b: Objects): Objects {
  const shifted = (column: Uint32Array, other: Uint32Array): Uint32Array => {
    const all = sharedColumn(a.count + b.count);
    all.set(column.subarray(0, a.count));
    for (let i = 0; i < b.count; i++) all[a.count + i] = other[i] + a.dns.length;
    return all;
  };
  return {
    count: a.count + b.count,
    ids: sharedBytesOf(a.ids, b.ids),
    dns: sharedBytesOf(a.dns, b.dns),
    dnStart: shifted(a.dnStart, b.dnStart),
    dnEnd: shifted(a.dnEnd, b.dnEnd),
  };
}

function sharedBytesOf(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = sharedBytes(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
