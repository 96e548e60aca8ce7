import { inKeyOrder, isSorted } from '../in-key-order.ts';
import type { Pairs } from '../pairs.ts';
import { TableGroups } from '../table-groups.ts';
import { withRoom } from '../with-room.ts';
import { type Loops, loopsIn } from './loops.ts';

/** A table is sorted to be written, and again to be held against the file. */
const sortedBefore = new WeakMap<Pairs, Pairs>();

/**
 * A table's entries in the order of their keys' bytes, as memcmp has it; a key comes after those that it begins with. Keys and values
 * are copied, so that who goes through them one after the other finds them near each other in memory.
 *
 * @param path the file that it is for
 * @param refuse gives what is thrown for a key that two entries have
 * @throws DbmError when there is no room for it in memory
 */
export function sortedByKey(path: string, pairs: Pairs, refuse: (key: Uint8Array) => Error): Pairs {
  let sorted = sortedBefore.get(pairs);
  if (sorted === undefined) {
    sorted = isSmall(pairs) ? compared(pairs, refuse) : withRoom(path, () => sort(pairs, refuse));
    sortedBefore.set(pairs, sorted);
  }
  return sorted;
}

/** A memory for compiled loops takes longer to make than a table to sort that has so few bytes, its columns included. */
const SMALL = 1 << 17;

function isSmall({ count, pool }: Pairs): boolean {
  return pool.length + 16 * count < SMALL;
}

/** The same entries, in the same pool. */
function compared(pairs: Pairs, refuse: (key: Uint8Array) => Error): Pairs {
  const { count, pool, keyStart, keyEnd, valueStart, valueEnd } = pairs;
  const key = (entry: number) => pool.subarray(keyStart[entry], keyEnd[entry]);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  order.sort((a, b) => Buffer.compare(key(a), key(b)));
  for (let i = 1; i < count; i++) {
    if (Buffer.compare(key(order[i - 1]), key(order[i])) === 0) throw refuse(key(order[i]));
  }
  const take = (column: Uint32Array) => order.map((entry) => column[entry]);
  return {
    count,
    pool,
    keyStart: take(keyStart),
    keyEnd: take(keyEnd),
    valueStart: take(valueStart),
    valueEnd: take(valueEnd),
  };
}

function sort(pairs: Pairs, refuse: (key: Uint8Array) => Error): Pairs {
  const table = new TableGroups(pairs, loopsIn);
  if (isSorted(table)) return pairs;
  const { keys, values } = table.sizes(0);
  // Values that many entries share are not worth a copy for each.
  return keys + values > 2 * pairs.pool.length
    ? permuted(table, pairs, refuse)
    : laidOut(table, keys + values, refuse);
}

/** The same entries, in the same pool. */
function permuted(table: TableGroups<Loops>, { pool }: Pairs, refuse: (key: Uint8Array) => Error): Pairs {
  const { memory, loops, count, base } = table;
  const columns = newColumns(table);
  let done = 0;
  for (const run of inKeyOrder(table, refuse)) {
    loops.putColumns(run.places, run.count, done, base);
    done += run.count;
  }
  return { count, pool: memory.bytes(base, pool.length), ...columns };
}

/** The same entries, whose keys and values have so many bytes, in a pool of their own. */
function laidOut(table: TableGroups<Loops>, bytes: number, refuse: (key: Uint8Array) => Error): Pairs {
  const { memory, loops, count } = table;
  const columns = newColumns(table);
  const pool = memory.reserve(bytes);
  let done = 0;
  let end = pool;
  for (const run of inKeyOrder(table, refuse)) {
    end = loops.layOut(run.places, run.count, done, end, pool) >>> 0;
    done += run.count;
  }
  return { count, pool: memory.bytes(pool, bytes), ...columns };
}

/** Columns that the loops write to. */
function newColumns({ memory, loops, count }: TableGroups<Loops>): Omit<Pairs, 'count' | 'pool'> {
  const column = () => memory.numbers(memory.reserve(4 * count), count);
  const keyStart = column();
  const keyEnd = column();
  const valueStart = column();
  const valueEnd = column();
  loops.setTarget(keyStart.byteOffset, keyEnd.byteOffset, valueStart.byteOffset, valueEnd.byteOffset);
  return { keyStart, keyEnd, valueStart, valueEnd };
}
