import { LinearMemory } from '../../dbm/linear-memory.ts';
import type { ByObject, Stream } from '../../state/mirror/columns.ts';
import { loopsIn } from './loops.ts';

const NONE = new Uint32Array(0);
const BYTES = Uint32Array.BYTES_PER_ELEMENT;
/** For fewer entries, it is not worth it to bring loops to work. */
const FEW = 1000;

/** @returns nothing for a stream that has few entries: going through them is as quick. @throws MemoryFullError */
export function byObject({ count, object }: Stream, objects: number): ByObject {
  if (count < objects / 8) return { starts: NONE, entries: NONE };
  const memory = LinearMemory.of(object) ?? (count < FEW ? undefined : new LinearMemory());
  if (memory === undefined) return grouped(object.subarray(0, count), objects);
  const starts = memory.numbers(memory.reserveTouched((objects + 1) * BYTES), objects + 1);
  const entries = memory.numbers(memory.reserve(count * BYTES), count);
  const address = memory.addressOf(object.subarray(0, count));
  loopsIn(memory).groupByObject(address, count, starts.byteOffset, objects, entries.byteOffset);
  return { starts, entries };
}

function grouped(object: Uint32Array, objects: number): ByObject {
  const starts = new Uint32Array(objects + 1);
  for (const number of object) starts[number + 1]++;
  for (let i = 0; i < objects; i++) starts[i + 1] += starts[i];
  const next = starts.slice();
  const entries = new Uint32Array(object.length);
  for (const [entry, number] of object.entries()) entries[next[number]++] = entry;
  return { starts, entries };
}
