import type { Pairs } from '../../dbm/pairs.ts';

/** Some of the entries, by their numbers, over the same pool. */
export function pick(pairs: Pairs, numbers: Uint32Array): Pairs {
  return {
    count: numbers.length,
    pool: pairs.pool,
    keyStart: numbers.map((i) => pairs.keyStart[i]),
    keyEnd: numbers.map((i) => pairs.keyEnd[i]),
    valueStart: numbers.map((i) => pairs.valueStart[i]),
    valueEnd: numbers.map((i) => pairs.valueEnd[i]),
  };
}
