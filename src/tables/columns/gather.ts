import { LinearMemory } from '../../dbm/linear-memory.ts';
import { loopsIn } from './loops.ts';
import { columnBeside } from './shared-memory.ts';

/** For fewer numbers, it is not worth it to bring loops to work. */
const FEW = 1000;

/** Of columns beside `pool`, the numbers of some entries, in columns of their own. */
export function gathered(
  pool: Uint8Array,
  columns: readonly Uint32Array[],
  order: Uint32Array,
): Uint32Array[] {
  const gather = gathererBeside(pool, order);
  return columns.map((column) => gather(column, columnBeside(pool, order.length)));
}

/** Likewise, of columns that are not needed any more: the numbers go where others were. */
export function rearranged(
  pool: Uint8Array,
  columns: readonly Uint32Array[],
  order: Uint32Array,
): Uint32Array[] {
  const gather = gathererBeside(pool, order);
  let free = columnBeside(pool, order.length);
  return columns.map((column) => {
    const target = free;
    const isBeside = LinearMemory.of(column) === LinearMemory.of(pool);
    free = isBeside ? column.subarray(0, order.length) : columnBeside(pool, order.length);
    return gather(column, target);
  });
}

type Gather = (column: Uint32Array, target: Uint32Array) => Uint32Array;

function gathererBeside(pool: Uint8Array, order: Uint32Array): Gather {
  const memory = order.length < FEW ? undefined : LinearMemory.of(pool);
  if (memory === undefined) {
    return (column, target) => {
      for (let i = 0; i < order.length; i++) target[i] = column[order[i]];
      return target;
    };
  }
  const loops = loopsIn(memory);
  const address = memory.addressOf(order);
  return (column, target) => {
    loops.gather(memory.addressOf(column), address, order.length, target.byteOffset);
    return target;
  };
}
