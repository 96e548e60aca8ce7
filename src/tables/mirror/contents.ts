import type { Pairs } from '../../dbm/pairs.ts';
import { ID_BYTES, type Objects, type Stream } from '../../state/mirror/columns.ts';
import { sharedBytes, sharedColumn } from '../columns/shared-memory.ts';
import { BaseLayer } from './base-layer.ts';
import { ChangedLayer, type ChangedObject } from './changed-layer.ts';
import type { IdTable } from './id-table.ts';
import type { Claim, Known, Layer } from './layer.ts';
import { claimsIn, combine } from './stream.ts';

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

/** Of a stream that is not read whole, about so many runs of so many entries are had for little. */
const RUNS = 64;
const RUN = 32;

const NOTHING: Known = { dn: new Uint8Array(0), contributions: new Uint8Array(0) };

/** A base file, and above it what changed since: objects of another, small one, and those of this run. The methods throw DamagedFileError. */
export class StoredContents implements Contents {
  readonly #base: BaseLayer;
  readonly #layers: readonly Layer[];
  /** The number of the first object of each layer, and behind them how many there are in all. */
  readonly #firsts: readonly number[];
  readonly #streams = new Map<number, Stream>();
  readonly #foreseen = new Map<string, Known>();
  #ids: Uint8Array | undefined;

  /** @param above from below upwards */
  constructor(base: BaseLayer, above: readonly Layer[] = []) {
    this.#base = base;
    this.#layers = [base, ...above];
    const firsts = [0];
    for (const { count } of this.#layers) firsts.push(firsts[firsts.length - 1] + count);
    this.#firsts = firsts;
  }

  /** How many objects there are in all layers. */
  get count(): number {
    return this.#firsts[this.#layers.length];
  }

  /** How many of them are above the base. */
  get countAbove(): number {
    return this.count - this.#base.count;
  }

  get streamCount(): number {
    return this.#base.base.streamCount;
  }

  get ids(): Uint8Array {
    this.#ids ??= this.#layers.map(({ ids }) => ids).reduce(sharedBytesOf);
    return this.#ids;
  }

  /** Objects that give nothing may be among them, and those that another stands for. */
  objects(): Objects {
    return this.#layers.map(({ objects }) => objects).reduce(joined);
  }

  stream(number: number): Stream {
    const known = this.#streams.get(number);
    if (known !== undefined) return known;
    let stream = this.#base.stream(number);
    const above = this.#layers.slice(1).map((layer) => layer.stream(number));
    // In one pool from the first on: what a layer brings must not move when the next one is added.
    const bytes = Buffer.concat(above.map(({ pool }) => pool));
    const { pool, start } = this.#base.base.withBytes(number, bytes);
    let shift = start;
    for (const [i, more] of above.entries()) {
      const at = i + 1;
      const layer = this.#layers[at];
      // A few entries are looked at one by one.
      const replaced = stream.count > layer.count ? this.#replaced(at) : undefined;
      const objects = {
        count: this.#firsts[at],
        isReplaced: (object: number): boolean =>
          replaced === undefined ? layer.find(this.id(object)) >= 0 : replaced[object] !== 0,
        compareIds: (object: number, other: number): number =>
          Buffer.compare(this.id(object), layer.id(other)),
      };
      stream = combine(stream, more, objects, { pool, start: shift });
      shift += more.pool.length;
    }
    this.#streams.set(number, stream);
    return stream;
  }

  claims(number: number, key: Uint8Array): Claim[] {
    const all = this.#layers.map((layer, at) => {
      const kept = layer.claims(number, key).filter(({ object }) => !this.#isReplaced(at, object));
      return kept.map(({ object, value }) => ({ object: object + this.#firsts[at], value }));
    });
    const some = all.filter(({ length }) => length > 0);
    if (some.length < 2) return some[0] ?? [];
    return some
      .flat()
      .sort(
        (a, b) => Buffer.compare(this.id(a.object), this.id(b.object)) || Buffer.compare(a.value, b.value),
      );
  }

  *some(number: number): Iterable<Pairs> {
    const stream = this.#base.base.sparse(number);
    const step = Math.max(RUN, Math.floor(stream.count / RUNS));
    for (let first = 0; first < stream.count; first += step) {
      const run = Array.from({ length: Math.min(RUN, stream.count - first) }, (_, i) => first + i);
      yield stream.pick(run.filter((entry) => !this.#isReplaced(0, stream.object(entry))));
    }
  }

  load(number: number): void {
    for (const layer of this.#layers) layer.stream(number);
  }

  /** Lets go of a stream, so that no more of them are in memory than are needed. */
  release(number: number): void {
    this.#streams.delete(number);
    this.#base.base.release(number);
  }

  id(object: number): Uint8Array {
    const at = this.#layerOf(object);
    return this.#layers[at].id(object - this.#firsts[at]);
  }

  dn(object: number): Uint8Array {
    const at = this.#layerOf(object);
    return this.#layers[at].dn(object - this.#firsts[at]);
  }

  /** The same under other changes. @param changed each object once */
  with(changed: readonly ChangedObject[]): StoredContents {
    return new StoredContents(this.#base, [
      ...this.#layers.slice(1),
      new ChangedLayer(changed, this.streamCount),
    ]);
  }

  /** What objects give, by their numbers in `wanted`. */
  known(wanted: IdTable): Known[] {
    return Array.from({ length: wanted.count }, (_, number) => {
      const id = idOf(wanted.ids, number);
      return this.#foreseen.get(latin1(id)) ?? this.#known(id);
    });
  }

  /** Finds out what an object gives, for when that is asked for. */
  foresee(id: Uint8Array): void {
    this.#foreseen.set(latin1(id), this.#known(id));
  }

  #known(id: Uint8Array): Known {
    for (let at = this.#layers.length - 1; at >= 0; at--) {
      const object = this.#layers[at].find(id);
      if (object >= 0) return this.#layers[at].known(object);
    }
    return NOTHING;
  }

  /** Everything as a new base wants it: every object once, and none that another stands for. */
  folded(): { objects: Objects; streams: Stream[] } {
    const replaced = this.#replaced(this.#layers.length);
    const objects = this.objects();
    const numbers = new Uint32Array(objects.count);
    let count = 0;
    const ids = Buffer.from(new SharedArrayBuffer(objects.count * ID_BYTES));
    const dnStart = sharedColumn(objects.count);
    const dnEnd = sharedColumn(objects.count);
    for (let object = 0; object < objects.count; object++) {
      if (replaced[object] !== 0) continue;
      numbers[object] = count;
      ids.set(objects.ids.subarray(object * ID_BYTES, (object + 1) * ID_BYTES), count * ID_BYTES);
      dnStart[count] = objects.dnStart[object];
      dnEnd[count++] = objects.dnEnd[object];
    }
    const streams = Array.from({ length: this.streamCount }, (_, number) => {
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

  /** The same of all that is above the base, of which there is something. */
  foldedAbove(): { objects: Objects; streams: Stream[] } {
    const [, first, ...above] = this.#layers;
    if (first instanceof BaseLayer) return new StoredContents(first, above).folded();
    const streams = Array.from({ length: this.streamCount }, (_, number) => first.stream(number));
    return { objects: first.objects, streams };
  }

  #layerOf(object: number): number {
    let at = 0;
    while (object >= this.#firsts[at + 1]) at++;
    return at;
  }

  /** Whether another stands for an object of a layer. */
  #isReplaced(at: number, object: number): boolean {
    if (at === this.#layers.length - 1) return false;
    const id = this.#layers[at].id(object);
    return this.#layers.some((layer, i) => i > at && layer.find(id) >= 0);
  }

  /** For each object of the layers before `end`, whether one of a higher layer stands for it; if there is a layer `end`, one of that alone. */
  #replaced(end: number): Uint8Array {
    const replaced = new Uint8Array(this.#firsts[Math.min(end, this.#layers.length)]);
    const by = end < this.#layers.length ? [end] : [...this.#layers.keys()];
    for (const upper of by) {
      const { ids, count } = this.#layers[upper];
      for (let object = 0; object < count; object++) {
        const id = idOf(ids, object);
        for (let at = 0; at < upper; at++) {
          const lower = this.#layers[at].find(id);
          if (lower >= 0) replaced[this.#firsts[at] + lower] = 1;
        }
      }
    }
    return replaced;
  }
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

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
