import { LinearMemory } from './linear-memory.ts';
import type { Pairs } from './pairs.ts';

/** Addresses of a table's pool and columns in a memory: offsets in the columns count from `base`. */
export interface LinearColumns {
  readonly memory: LinearMemory;
  readonly base: number;
  readonly columns: readonly [keyStart: number, keyEnd: number, valueStart: number, valueEnd: number];
}

/** Where a table is in the memory of its pool; in one of its own, as a copy, if it has none. @throws MemoryFullError */
export function linearColumns({ count, pool, keyStart, keyEnd, valueStart, valueEnd }: Pairs): LinearColumns {
  const memory = LinearMemory.of(pool) ?? new LinearMemory();
  const base = memory.addressOf(pool);
  const column = (numbers: Uint32Array) => memory.addressOf(numbers.subarray(0, count));
  return { memory, base, columns: [column(keyStart), column(keyEnd), column(valueStart), column(valueEnd)] };
}
