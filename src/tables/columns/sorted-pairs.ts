import { numberKeys } from '../../dbm/key-numbers.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import { TableGroups } from '../../dbm/table-groups.ts';
import { gathered } from './gather.ts';
import { loopsIn } from './loops.ts';
import { knownOrder, sortRun } from './runs.ts';

/** For fewer entries, it is not worth it to bring loops to work. */
const FEW = 1000;
/** About so many are sorted at a time: their keys lie anywhere, and the processor holds the addresses of no more pages. */
const GROUP_ENTRIES = 2048;

export interface SortedPairs {
  readonly pairs: Pairs;
  /** Whether keys may be there more than once. */
  readonly repeats: boolean;
}

/** Entries in the order of their keys' bytes, in the same pool; those with the same key stay in their order. @throws MemoryFullError */
export function sortedPairs(pairs: Pairs): SortedPairs {
  const known = knownOrder(pairs, 0, pairs.count);
  if (known !== undefined) return { pairs, ...known };
  if (pairs.count >= FEW) return sortInGroups(pairs);
  const { pool } = pairs;
  const { order, repeats } = sortRun(pairs, 0, pairs.count);
  const columns = [pairs.keyStart, pairs.keyEnd, pairs.valueStart, pairs.valueEnd];
  const [keyStart, keyEnd, valueStart, valueEnd] = gathered(pool, columns, order);
  return { pairs: { count: order.length, pool, keyStart, keyEnd, valueStart, valueEnd }, repeats };
}

/** `sortedPairs` of any entries, by compiled loops. @param groupEntries about so many are sorted at a time */
export function sortInGroups(pairs: Pairs, groupEntries = GROUP_ENTRIES): SortedPairs {
  const table = new TableGroups(pairs, loopsIn);
  const { memory, loops, count, base } = table;
  const levels = Math.max(0, Math.ceil(Math.log2(count / groupEntries)));
  const numbers = numberKeys(table, levels);
  const column = () => memory.numbers(memory.reserve(4 * count), count);
  const [keyStart, keyEnd, valueStart, valueEnd] = [column(), column(), column(), column()];
  let repeats = false;
  let done = 0;
  let room = { entries: 0, order: 0, sorting: 0 };
  for (const group of table.groups(numbers, numbers, 2 ** levels, 0)) {
    if (group.count > room.entries) {
      const entries = Math.max(2 * groupEntries, 1.5 * room.entries, group.count);
      room = {
        entries,
        order: memory.reserve(4 * entries),
        sorting: memory.reserve(loops.sortingRoom(entries)),
      };
    }
    loops.setPlaces(group.places);
    if (loops.sortRun(0, group.count, room.order, room.sorting) !== 0) repeats = true;
    const at = 4 * done;
    loops.gatherPlaces(
      group.places,
      room.order,
      group.count,
      base,
      keyStart.byteOffset + at,
      keyEnd.byteOffset + at,
      valueStart.byteOffset + at,
      valueEnd.byteOffset + at,
    );
    done += group.count;
  }
  const pool = memory.bytes(base, pairs.pool.length);
  return { pairs: { count, pool, keyStart, keyEnd, valueStart, valueEnd }, repeats };
}
