import { compareBytes } from '../columns/bytes.ts';
import type { Difference } from '../columns/diff.ts';
import { EntriesBuilder } from '../columns/entries.ts';

/** What the sources of a table give for a key, in the order in which they win. */
export type ValuesOf = (key: Uint8Array) => readonly Uint8Array[];

/**
 * What becomes of a table when some keys are given by others than before.
 *
 * @param keys in any order, and some more than once
 * @returns undefined where one of the keys has, or had, several values: that is a conflict, and they are counted over all keys
 */
export function keyChanges(
  keys: readonly Uint8Array[],
  before: ValuesOf,
  after: ValuesOf,
): Difference | undefined {
  const old = new EntriesBuilder(keys.length, keys.length * 64);
  const now = new EntriesBuilder(keys.length, keys.length * 64);
  const added: number[] = [];
  const removed: number[] = [];
  const changedBefore: number[] = [];
  const changedAfter: number[] = [];
  let last: Uint8Array | undefined;
  for (const key of [...keys].sort(Buffer.compare)) {
    if (last !== undefined && Buffer.compare(last, key) === 0) continue;
    last = key;
    const was = before(key);
    const is = after(key);
    if (!areSame(was) || !areSame(is)) return undefined;
    if (was.length > 0 && is.length > 0) {
      if (Buffer.compare(was[0], is[0]) === 0) continue;
      changedBefore.push(old.count);
      changedAfter.push(now.count);
    } else {
      if (was.length > 0) removed.push(old.count);
      if (is.length > 0) added.push(now.count);
    }
    if (was.length > 0) add(old, key, was[0]);
    if (is.length > 0) add(now, key, is[0]);
  }
  return {
    before: old.finish(),
    after: now.finish(),
    added: Uint32Array.from(added),
    removed: Uint32Array.from(removed),
    changedBefore: Uint32Array.from(changedBefore),
    changedAfter: Uint32Array.from(changedAfter),
  };
}

function areSame(values: readonly Uint8Array[]): boolean {
  return values.every((value) => compareBytes(values[0], 0, values[0].length, value, 0, value.length) === 0);
}

function add(builder: EntriesBuilder, key: Uint8Array, value: Uint8Array): void {
  builder.add(key, 0, key.length, value, 0, value.length);
}
