import type { Pairs } from '../../dbm/pairs.ts';
import { compareBytes } from '../../tables/columns/bytes.ts';

export interface Unique {
  readonly pairs: Pairs;
  /** The entries whose key was there before, in their order. */
  readonly duplicates: readonly number[];
}

/** One entry for each key: the value is the first's or the last's. */
export function withoutDuplicates(pairs: Pairs, keep: 'first' | 'last'): Unique {
  const { count, pool, keyStart, keyEnd } = pairs;
  const mask = 2 ** Math.ceil(Math.log2(Math.max(2, count * 2))) - 1;
  const slots = new Uint32Array(mask + 1);
  const hashes = new Uint32Array(count);
  /** Of the i-th key: the entry that came first with it, and the one that gives its value. */
  const keyFrom = new Uint32Array(count);
  const valueFrom = new Uint32Array(count);
  const duplicates: number[] = [];
  let keys = 0;

  for (let entry = 0; entry < count; entry++) {
    const start = keyStart[entry];
    const end = keyEnd[entry];
    const hash = hashOf(pool, start, end);
    let slot = hash & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const key = slots[slot] - 1;
      const first = keyFrom[key];
      if (hashes[key] !== hash) continue;
      if (compareBytes(pool, keyStart[first], keyEnd[first], pool, start, end) === 0) break;
    }
    if (slots[slot] === 0) {
      hashes[keys] = hash;
      keyFrom[keys] = entry;
      valueFrom[keys++] = entry;
      slots[slot] = keys;
    } else {
      duplicates.push(entry);
      if (keep === 'last') valueFrom[slots[slot] - 1] = entry;
    }
  }
  return { pairs: chosen(pairs, keyFrom.subarray(0, keys), valueFrom.subarray(0, keys)), duplicates };
}

/** FNV-1a, its upper bits folded into the lower ones. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

function chosen(pairs: Pairs, keyFrom: Uint32Array, valueFrom: Uint32Array): Pairs {
  return {
    count: keyFrom.length,
    pool: pairs.pool,
    keyStart: keyFrom.map((entry) => pairs.keyStart[entry]),
    keyEnd: keyFrom.map((entry) => pairs.keyEnd[entry]),
    valueStart: valueFrom.map((entry) => pairs.valueStart[entry]),
    valueEnd: valueFrom.map((entry) => pairs.valueEnd[entry]),
  };
}
