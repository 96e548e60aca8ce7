import type { Pairs } from '../../dbm/pairs.ts';
import { compareBytes } from './bytes.ts';

/** What makes one table another, as numbers of entries; each list is in the order of the keys. */
export interface Difference {
  /** The table before, or no more of it than what goes and what changes. */
  readonly before: Pairs;
  /** The table after, or no more of it than what comes and what changes. */
  readonly after: Pairs;
  /** In `after`. */
  readonly added: Uint32Array;
  /** In `before`. */
  readonly removed: Uint32Array;
  /** Keys in both whose value differs: their numbers before, and at the same place in `changedAfter` those after. */
  readonly changedBefore: Uint32Array;
  readonly changedAfter: Uint32Array;
}

/** Compares two tables whose keys are unique and in byte order. */
export function diff(before: Pairs, after: Pairs): Difference {
  const added = new NumberList();
  const removed = new NumberList();
  const changedBefore = new NumberList();
  const changedAfter = new NumberList();
  let b = 0;
  let a = 0;
  while (b < before.count && a < after.count) {
    const order = compareBytes(
      before.pool,
      before.keyStart[b],
      before.keyEnd[b],
      after.pool,
      after.keyStart[a],
      after.keyEnd[a],
    );
    if (order < 0) removed.push(b++);
    else if (order > 0) added.push(a++);
    else {
      if (!sameValue(before, b, after, a)) {
        changedBefore.push(b);
        changedAfter.push(a);
      }
      b++;
      a++;
    }
  }
  removed.pushAll(b, before.count);
  added.pushAll(a, after.count);
  return {
    before,
    after,
    added: added.numbers(),
    removed: removed.numbers(),
    changedBefore: changedBefore.numbers(),
    changedAfter: changedAfter.numbers(),
  };
}

export function isSame(difference: Difference): boolean {
  return difference.added.length + difference.removed.length + difference.changedAfter.length === 0;
}

function sameValue(before: Pairs, b: number, after: Pairs, a: number): boolean {
  const start = before.valueStart[b];
  const length = before.valueEnd[b] - start;
  const otherStart = after.valueStart[a];
  if (after.valueEnd[a] - otherStart !== length) return false;
  for (let i = length - 1; i >= 0; i--) {
    if (before.pool[start + i] !== after.pool[otherStart + i]) return false;
  }
  return true;
}

class NumberList {
  #numbers = new Uint32Array(16);
  #count = 0;

  push(number: number): void {
    if (this.#count === this.#numbers.length) this.#grow(this.#count * 2);
    this.#numbers[this.#count++] = number;
  }

  /** The numbers `[from, to)`. */
  pushAll(from: number, to: number): void {
    const count = this.#count + to - from;
    if (count > this.#numbers.length) this.#grow(count);
    const numbers = this.#numbers;
    for (let number = from, at = this.#count; number < to; number++, at++) numbers[at] = number;
    this.#count = count;
  }

  numbers(): Uint32Array {
    return this.#numbers.subarray(0, this.#count);
  }

  #grow(length: number): void {
    const larger = new Uint32Array(length);
    larger.set(this.#numbers);
    this.#numbers = larger;
  }
}
