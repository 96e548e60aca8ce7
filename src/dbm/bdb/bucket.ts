import { sameBytes, viewOf } from '../bytes.ts';
import { compareKeys } from './key-order.ts';
import { PLACE } from './scatter.ts';

const NONE = -1;
/** As many of a key's bytes stand in a 64-bit word, beside the entry's place in a bucket of at most `MOST_SLOTS`. */
const PREFIX = 6;
const MOST_SLOTS = 65536;
/** Where in a word's halves the less and the more significant one lie. */
const LOW = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;
const HIGH = 1 - LOW;
/** Shorter runs are sorted by insertion. */
const SHORT_RUN = 24;

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
  #repeated = NONE;
  /** The entries' places in the bucket, as they are put into order. */
  #slots = new Uint32Array(0);
  /** A few bytes of each key and its entry's slot: the runtime sorts such words natively. */
  #words = new BigUint64Array(0);
  #halves = new Uint32Array(0);
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

  /** Puts the bucket's entries into the order of their keys. Returns one of two with the same key, or -1. */
  sort(): number {
    if (this.count < 2) return NONE;
    if (this.count > this.#slots.length) this.#grow();
    this.#repeated = NONE;
    for (let i = 0; i < this.count; i++) this.#slots[i] = i;
    if (this.count <= MOST_SLOTS) this.#sortRun(0, this.count, 0);
    else this.#slots.subarray(0, this.count).sort((a, b) => this.#compare(a, b, 0));
    if (this.#repeated === NONE) this.#reorder();
    return this.#repeated;
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
    this.#words = new BigUint64Array(Math.min(capacity, MOST_SLOTS));
    this.#halves = new Uint32Array(this.#words.buffer);
    this.#sparePlaces = new Uint32Array(PLACE * capacity);
  }

  /** Sorts `slots[from, to)`, whose keys agree in their first `known` bytes, by a few bytes more, and again where these tie. */
  #sortRun(from: number, to: number, known: number): void {
    const short = to - from <= SHORT_RUN;
    const depth = short ? known : this.#commonPrefix(from, to, known);
    const ordered = this.#takeWords(from, to, depth);
    if (!ordered && short) this.#sortWords(to - from);
    else if (!ordered) this.#words.subarray(0, to - from).sort();
    this.#takeSlots(from, to, depth);
  }

  /** By insertion, which is faster than the runtime for a few words. */
  #sortWords(count: number): void {
    const halves = this.#halves;
    for (let word = 2; word < 2 * count; word += 2) {
      const high = halves[word + HIGH];
      const low = halves[word + LOW];
      let at = word;
      for (; at > 0; at -= 2) {
        const before = halves[at - 2 + HIGH];
        if (before < high || (before === high && halves[at - 2 + LOW] < low)) break;
        halves[at + HIGH] = before;
        halves[at + LOW] = halves[at - 2 + LOW];
      }
      halves[at + HIGH] = high;
      halves[at + LOW] = low;
    }
  }

  /** How many bytes the keys of a run begin with in common. */
  #commonPrefix(from: number, to: number, known: number): number {
    const { places } = this;
    const pool = this.#pool;
    const slots = this.#slots;
    const first = this.at(slots[from]);
    const start = places[first];
    let common = places[first + 1] - start;
    for (let i = from + 1; i < to && common > known; i++) {
      const at = this.at(slots[i]);
      const other = places[at];
      const limit = Math.min(common, places[at + 1] - other);
      let same = known;
      while (same < limit && pool[start + same] === pool[other + same]) same++;
      common = same;
    }
    return common;
  }

  /** Makes words of the bytes from `depth` on. Returns whether they are in order already. */
  #takeWords(from: number, to: number, depth: number): boolean {
    const { places } = this;
    const slots = this.#slots;
    const halves = this.#halves;
    const view = this.#view;
    let ordered = true;
    let lastHigh = 0;
    let lastLow = 0;
    for (let i = from, word = 0; i < to; i++, word += 2) {
      const slot = slots[i];
      const at = this.at(slot);
      const start = places[at] + depth;
      const whole = start + PREFIX <= places[at + 1];
      const high = whole ? view.getUint32(start) : this.#paddedHalf(start, places[at + 1]);
      const low = whole ? view.getUint16(start + 4) : this.#paddedHalf(start + 4, places[at + 1]) >>> 16;
      halves[word + HIGH] = high;
      halves[word + LOW] = (low << 16) | slot;
      if (high < lastHigh || (high === lastHigh && low < lastLow)) ordered = false;
      lastHigh = high;
      lastLow = low;
    }
    return ordered;
  }

  /** Four bytes of a key that may end before: its NUL counts, and what is not there comes last. */
  #paddedHalf(start: number, end: number): number {
    const nul = this.#terminated ? 0 : 0xff;
    let half = 0;
    for (let i = start; i < start + 4; i++) {
      half = (half << 8) | (i < end ? this.#pool[i] : i === end ? nul : 0xff);
    }
    return half >>> 0;
  }

  /** Takes the slots out of the sorted words. Where words have the same bytes of the keys, sorts again behind these. */
  #takeSlots(from: number, to: number, depth: number): void {
    const slots = this.#slots;
    const halves = this.#halves;
    let ties: number[] | undefined;
    let tie = from;
    for (let i = from, word = 0; i < to; i++, word += 2) {
      slots[i] = halves[word + LOW] & 0xffff;
      const goesOn =
        i + 1 < to &&
        halves[word + 2 + HIGH] === halves[word + HIGH] &&
        halves[word + 2 + LOW] >>> 16 === halves[word + LOW] >>> 16;
      if (goesOn) continue;
      if (tie < i) {
        ties ??= [];
        ties.push(tie, i + 1);
      }
      tie = i + 1;
    }
    if (ties === undefined) return;
    for (let i = 0; i < ties.length && this.#repeated === NONE; i += 2) {
      this.#sortTied(ties[i], ties[i + 1], depth);
    }
  }

  /** Sorts a run whose words at `depth` are the same; where a key ends within them, its padding proves nothing. */
  #sortTied(from: number, to: number, depth: number): void {
    const { places } = this;
    const slots = this.#slots;
    for (let i = from; i < to; i++) {
      const at = this.at(slots[i]);
      if (places[at + 1] - places[at] < depth + PREFIX) {
        this.#insertionSort(from, to, depth);
        return;
      }
    }
    this.#sortRun(from, to, depth + PREFIX);
  }

  #insertionSort(from: number, to: number, known: number): void {
    const slots = this.#slots;
    for (let i = from + 1; i < to && this.#repeated === NONE; i++) {
      const slot = slots[i];
      let at = i;
      for (; at > from && this.#compare(slots[at - 1], slot, known) > 0; at--) slots[at] = slots[at - 1];
      slots[at] = slot;
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

  /** Compares keys that agree in their first `known` bytes. */
  #compare(a: number, b: number, known: number): number {
    const { places } = this;
    const pool = this.#pool;
    const atA = this.at(a);
    const atB = this.at(b);
    const startA = places[atA] + known;
    const startB = places[atB] + known;
    const order = compareKeys(pool, startA, places[atA + 1], pool, startB, places[atB + 1], this.#terminated);
    if (order === 0 && a !== b) this.#repeated = b;
    return order;
  }

  #compareWith(entry: number, bytes: Uint8Array, start: number, end: number): number {
    const at = this.at(entry);
    return compareKeys(this.#pool, this.places[at], this.places[at + 1], bytes, start, end, this.#terminated);
  }
}
