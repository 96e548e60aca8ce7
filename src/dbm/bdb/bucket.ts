import { sameBytes, viewOf } from '../bytes.ts';
import { compareKeys } from './key-order.ts';
import { PLACE } from './scatter.ts';

/** Runs of this many entries are sorted by insertion before they are merged. */
const RUN = 32;
const NONE = -1;
/** As many bytes as a number holds exactly, and as a word and a half word are read. */
const PREFIX = 6;

/** The entries of one bucket after the other, without garbage. Entry `i` is where `places` says from `at(i)` on. */
export class Bucket {
  count = 0;
  readonly places: Uint32Array;
  /** Means nothing; see `#fetch`. */
  touched = 0;
  readonly #pool: Uint8Array;
  readonly #view: DataView;
  readonly #terminated: boolean;
  #first = 0;
  /** The bytes that all keys begin with. */
  #skip = 0;
  #repeated = NONE;
  /** The entries' places in the bucket, as they are put into order. */
  #slots = new Uint32Array(0);
  /** A number made of the first bytes in which the keys may differ; most comparisons need no more. */
  #prefixes = new Float64Array(0);
  #spareSlots = new Uint32Array(0);
  #sparePrefixes = new Float64Array(0);
  #sparePlaces = new Uint32Array(0);

  constructor(pool: Uint8Array, places: Uint32Array, terminated: boolean) {
    this.places = places;
    this.#pool = pool;
    this.#view = viewOf(pool);
    this.#terminated = terminated;
  }

  at(entry: number): number {
    return PLACE * (this.#first + entry);
  }

  /** Turns to the entries `[from, to)` of `places`. */
  load(from: number, to: number): void {
    this.#first = from;
    this.count = to - from;
    this.#fetch();
  }

  /** Puts the bucket's entries into the order of their keys. Returns the second of two with the same key, or -1. */
  sort(): number {
    if (this.count < 2) return NONE;
    if (this.count > this.#slots.length) this.#grow();
    this.#skip = this.#commonPrefix();
    this.#takePrefixes();
    this.#repeated = NONE;
    for (let run = 0; run < this.count; run += RUN) this.#insertionSort(run, Math.min(run + RUN, this.count));
    for (let width = RUN; width < this.count; width *= 2) this.#mergeRuns(width);
    const repeated = this.#repeated === NONE ? NONE : this.#slots.indexOf(this.#repeated);
    this.#reorder();
    return repeated;
  }

  /** The entry with the key `bytes[start, end)`, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const difference = this.#compareWith(middle, bytes, start, end);
      if (difference === 0) return middle;
      if (difference < 0) low = middle + 1;
      else high = middle - 1;
    }
    return NONE;
  }

  /** Whether an entry's key is `bytes[start, end)`. */
  hasKey(entry: number, bytes: DataView, start: number, end: number): boolean {
    if (entry >= this.count) return false;
    const at = this.at(entry);
    const from = this.places[at];
    return (
      this.places[at + 1] - from === end - start && sameBytes(this.#view, from, bytes, start, end - start)
    );
  }

  /** Whether an entry's value is `bytes[start, end)`. */
  hasValue(entry: number, bytes: DataView, start: number, end: number): boolean {
    const at = this.at(entry);
    const from = this.places[at + 2];
    return (
      this.places[at + 3] - from === end - start && sameBytes(this.#view, from, bytes, start, end - start)
    );
  }

  key(entry: number): Uint8Array {
    const at = this.at(entry);
    return this.#pool.subarray(this.places[at], this.places[at + 1]);
  }

  /** Keys and values lie scattered: a loop that does nothing else waits for many of them at once. */
  #fetch(): void {
    const { places } = this;
    const pool = this.#pool;
    const end = this.at(this.count);
    let touched = 0;
    for (let at = this.at(0); at < end; at += PLACE) {
      touched ^= pool[places[at]] ^ pool[Math.max(places[at + 3], 1) - 1];
    }
    this.touched = touched;
  }

  #grow(): void {
    const capacity = Math.max(this.count, 2 * this.#slots.length, 256);
    this.#slots = new Uint32Array(capacity);
    this.#prefixes = new Float64Array(capacity);
    this.#spareSlots = new Uint32Array(capacity);
    this.#sparePrefixes = new Float64Array(capacity);
    this.#sparePlaces = new Uint32Array(PLACE * capacity);
  }

  #commonPrefix(): number {
    const { places } = this;
    const pool = this.#pool;
    const end = this.at(this.count);
    const first = places[this.at(0)];
    let common = places[this.at(0) + 1] - first;
    for (let at = this.at(1); at < end && common > 0; at += PLACE) {
      const start = places[at];
      const limit = Math.min(common, places[at + 1] - start);
      let same = 0;
      while (same < limit && pool[first + same] === pool[start + same]) same++;
      common = same;
    }
    return common;
  }

  /** The six bytes behind the common ones: the NUL counts, and what is not there comes last. */
  #takePrefixes(): void {
    const { count, places } = this;
    const skip = this.#skip;
    const prefixes = this.#prefixes;
    const slots = this.#slots;
    const view = this.#view;
    for (let slot = 0, at = this.at(0); slot < count; slot++, at += PLACE) {
      const start = places[at] + skip;
      const end = places[at + 1];
      slots[slot] = slot;
      prefixes[slot] =
        end - start >= PREFIX
          ? view.getUint32(start) * 65536 + view.getUint16(start + 4)
          : this.#shortPrefix(start, end);
    }
  }

  #shortPrefix(start: number, end: number): number {
    const nul = this.#terminated ? 0 : 0xff;
    let prefix = 0;
    for (let i = start; i < start + PREFIX; i++) {
      prefix = prefix * 256 + (i < end ? this.#pool[i] : i === end ? nul : 0xff);
    }
    return prefix;
  }

  #insertionSort(from: number, to: number): void {
    const prefixes = this.#prefixes;
    const slots = this.#slots;
    for (let i = from + 1; i < to; i++) {
      const prefix = prefixes[i];
      const slot = slots[i];
      let at = i;
      for (; at > from; at--) {
        const before = prefixes[at - 1];
        if (before < prefix || (before === prefix && this.#compare(slots[at - 1], slot) <= 0)) break;
        prefixes[at] = before;
        slots[at] = slots[at - 1];
      }
      prefixes[at] = prefix;
      slots[at] = slot;
    }
  }

  #mergeRuns(width: number): void {
    for (let from = 0; from < this.count; from += 2 * width) {
      this.#merge(from, Math.min(from + width, this.count), Math.min(from + 2 * width, this.count));
    }
    [this.#prefixes, this.#sparePrefixes] = [this.#sparePrefixes, this.#prefixes];
    [this.#slots, this.#spareSlots] = [this.#spareSlots, this.#slots];
  }

  #merge(from: number, middle: number, to: number): void {
    const prefixes = this.#prefixes;
    const slots = this.#slots;
    let left = from;
    let right = middle;
    for (let at = from; at < to; at++) {
      let takeLeft = right === to;
      if (!takeLeft && left < middle) {
        const difference = prefixes[left] - prefixes[right];
        takeLeft = difference < 0 || (difference === 0 && this.#compare(slots[left], slots[right]) <= 0);
      }
      const taken = takeLeft ? left++ : right++;
      this.#sparePrefixes[at] = prefixes[taken];
      this.#spareSlots[at] = slots[taken];
    }
  }

  #reorder(): void {
    const { count, places } = this;
    const slots = this.#slots;
    const spare = this.#sparePlaces;
    const first = this.at(0);
    for (let i = 0; i < PLACE * count; i++) spare[i] = places[first + i];
    for (let i = 0, at = first; i < count; i++, at += PLACE) {
      const from = PLACE * slots[i];
      places[at] = spare[from];
      places[at + 1] = spare[from + 1];
      places[at + 2] = spare[from + 2];
      places[at + 3] = spare[from + 3];
    }
  }

  /** Compares keys whose prefixes are the same behind them. */
  #compare(a: number, b: number): number {
    const { places } = this;
    const pool = this.#pool;
    const atA = this.at(a);
    const atB = this.at(b);
    const lengthA = places[atA + 1] - places[atA];
    const lengthB = places[atB + 1] - places[atB];
    const known = Math.min(this.#skip + PREFIX, lengthA, lengthB);
    const startA = places[atA] + known;
    const startB = places[atB] + known;
    const order = compareKeys(pool, startA, places[atA + 1], pool, startB, places[atB + 1], this.#terminated);
    if (order === 0) this.#repeated = b;
    return order;
  }

  #compareWith(entry: number, bytes: Uint8Array, start: number, end: number): number {
    const at = this.at(entry);
    return compareKeys(this.#pool, this.places[at], this.places[at + 1], bytes, start, end, this.#terminated);
  }
}
