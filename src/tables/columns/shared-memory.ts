import { LinearMemory } from '../../dbm/linear-memory.ts';
import type { Pairs } from '../../dbm/pairs.ts';

/** Bytes that another thread can be given without a copy. Memory is taken only where it is touched. */
export function sharedBytes(length: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(length));
}

/** A memory of its own costs more than copying what is smaller. */
const SMALL_POOL = 1 << 16;

/** Bytes for a table's pool, likewise, where compiled loops can work on them. */
export function poolBytes(length: number): Uint8Array {
  if (length < SMALL_POOL) return sharedBytes(length);
  const memory = new LinearMemory();
  return memory.bytes(memory.reserve(length), length);
}

/** A column beside the pool that it belongs to, likewise. */
export function columnBeside(pool: Uint8Array, length: number): Uint32Array {
  const memory = LinearMemory.of(pool);
  return memory === undefined ? sharedColumn(length) : memory.numbers(memory.reserve(4 * length), length);
}

/** A column of numbers, likewise. */
export function sharedColumn(length: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(length * Uint32Array.BYTES_PER_ELEMENT));
}

/** The same entries where other threads have them without a copy. */
export function inSharedMemory({ count, pool, ...columns }: Pairs): Pairs {
  return {
    count,
    pool: sharedCopy(pool, sharedBytes),
    keyStart: sharedCopy(columns.keyStart.subarray(0, count), sharedColumn),
    keyEnd: sharedCopy(columns.keyEnd.subarray(0, count), sharedColumn),
    valueStart: sharedCopy(columns.valueStart.subarray(0, count), sharedColumn),
    valueEnd: sharedCopy(columns.valueEnd.subarray(0, count), sharedColumn),
  };
}

function sharedCopy<Numbers extends Uint8Array | Uint32Array>(
  numbers: Numbers,
  allocate: (length: number) => Numbers,
): Numbers {
  if (numbers.buffer instanceof SharedArrayBuffer) return numbers;
  const copy = allocate(numbers.length);
  copy.set(numbers);
  return copy;
}
