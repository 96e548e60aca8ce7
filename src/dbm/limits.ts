import { DbmError } from './error.ts';
import type { Limits } from './format.ts';
import type { Pairs } from './pairs.ts';
import { printable } from './printable.ts';
import { inStretches } from './stretches.ts';

/** What a format makes of a table's lengths; trailing NULs included. */
export interface Sizes {
  readonly keys: number;
  readonly values: number;
  readonly longestValue: number;
}

/** Adds up what `pairs` has to be stored. @throws DbmError naming the first entry over the limits */
export function measure(path: string, pairs: Pairs, terminated: boolean, limits: Limits): Sizes {
  const { count, keyStart, keyEnd, valueStart, valueEnd } = pairs;
  const nul = terminated ? 1 : 0;
  let keys = 0;
  let values = 0;
  let longestValue = 0;
  inStretches(count, (from, to) => {
    for (let i = from; i < to; i++) {
      const key = keyEnd[i] - keyStart[i] + nul;
      const value = valueEnd[i] - valueStart[i] + nul;
      if (key > limits.key || value > limits.value) throw tooLong(path, pairs, i, limits);
      keys += key;
      values += value;
      if (value > longestValue) longestValue = value;
    }
  });
  return { keys, values, longestValue };
}

function tooLong(path: string, pairs: Pairs, i: number, limits: Limits): DbmError {
  const key = printable(pairs.pool.subarray(pairs.keyStart[i], pairs.keyEnd[i]));
  return new DbmError(
    path,
    `entry ${key} is too long: ${pairs.keyEnd[i] - pairs.keyStart[i]} bytes of key (limit ${limits.key} as stored), ` +
      `${pairs.valueEnd[i] - pairs.valueStart[i]} of value (limit ${limits.value})`,
  );
}
