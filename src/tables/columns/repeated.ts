import { LinearMemory } from '../../dbm/linear-memory.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import { LOOP_STRETCH } from '../../dbm/stretches.ts';
import { compareBytes } from './bytes.ts';
import { loopsIn } from './loops.ts';

/** For fewer entries, it is not worth it to bring loops to work. */
const FEW = 1000;

/** Where no key is there twice. */
export const NONE_REPEATED = new Uint32Array(0);

/**
 * Of entries in the order of their keys, the places of those that have the key of the one before.
 *
 * @param order their numbers
 * @throws MemoryFullError
 */
export function repeatedPlaces(pairs: Pairs, order: Uint32Array): Uint32Array {
  const memory = order.length < FEW ? undefined : LinearMemory.of(pairs.pool);
  if (memory === undefined) return repeatedPlainly(pairs, order);
  const { count, pool, keyStart, keyEnd } = pairs;
  const column = (numbers: Uint32Array) => memory.addressOf(numbers.subarray(0, count));
  const loops = loopsIn(memory);
  loops.setKeys(memory.addressOf(pool), column(keyStart), column(keyEnd));
  const address = memory.addressOf(order);
  const places = memory.reserve(4 * (order.length + 1));
  let found = 0;
  for (let from = 1; from < order.length; from += LOOP_STRETCH) {
    const to = Math.min(from + LOOP_STRETCH, order.length);
    found += loops.repeatedPlaces(address, from, to, places + 4 * found);
  }
  return memory.numbers(places, found);
}

/** For few entries: a memory for loops would cost more. */
function repeatedPlainly({ pool, keyStart, keyEnd }: Pairs, order: Uint32Array): Uint32Array {
  const places: number[] = [];
  for (let place = 1; place < order.length; place++) {
    const a = order[place - 1];
    const b = order[place];
    if (compareBytes(pool, keyStart[a], keyEnd[a], pool, keyStart[b], keyEnd[b]) === 0) places.push(place);
  }
  return Uint32Array.from(places);
}
