import { LinearMemory } from '../../dbm/linear-memory.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import { type Loops, loopsIn } from './loops.ts';

/** Compiled loops at work on the keys of a table. */
export class KeyLoops {
  readonly memory: LinearMemory;
  readonly loops: Loops;

  /** @throws MemoryFullError */
  constructor({ count, pool, keyStart, keyEnd }: Pairs) {
    this.memory = LinearMemory.of(pool) ?? new LinearMemory();
    this.loops = loopsIn(this.memory);
    const column = (numbers: Uint32Array) => this.memory.addressOf(numbers.subarray(0, count));
    this.loops.setKeys(this.memory.addressOf(pool), column(keyStart), column(keyEnd));
  }
}
