import { describe, expect, test } from 'vitest';
import { PLACE, sortByHash } from '../../src/dbm/hash-order.ts';
import { aliases, type Entry, pairsOf } from './support.ts';

/** Numbers of `bits` bits that look like hashes. */
function mixed(bits: number): (i: number) => number {
  return (i) => Math.imul(i + 1, 0x9e3779b1) >>> (32 - bits);
}

/** Each entry as its number, hash, key and value. */
type Row = readonly [number, number, Buffer, string];

function sorts(
  entries: readonly Entry[],
  number: (i: number) => number,
  hash: (i: number) => number,
  bits: number,
): void {
  const pairs = pairsOf(entries);
  const numbers = Uint32Array.from(entries, (_, i) => number(i));
  const hashes = Uint32Array.from(entries, (_, i) => hash(i));
  const { places, hashes: sorted, repeated } = sortByHash(pairs, hashes, numbers, bits);
  expect(repeated).toBeUndefined();
  expect(sorted.length).toBe(entries.length);
  const bytes = (from: number, to: number) => Buffer.from(pairs.pool.subarray(from, to));
  const ours = Array.from(sorted, (hash, i) => {
    const [keyStart, keyEnd, valueStart, valueEnd] = places.subarray(PLACE * i, PLACE * i + PLACE);
    return `${hash} ${bytes(keyStart, keyEnd)} ${bytes(valueStart, valueEnd)}`;
  });
  const rows = entries.map(([key, value], i): Row => [numbers[i], hashes[i], Buffer.from(key), `${value}`]);
  rows.sort(([n, h, k], [m, g, l]) => n - m || h - g || Buffer.compare(k, l));
  const theirs = rows.map(([, hash, key, value]) => `${hash} ${key} ${value}`);
  expect(ours.findIndex((row, i) => row !== theirs[i])).toBe(-1);
}

describe('entries in the order of numbers, hashes and keys', () => {
  test.each([0, 1, 2, 3, 2047, 2048, 5000, 100_000])('%i entries', (count) => {
    sorts(aliases(count), mixed(31), mixed(32), 31);
    sorts(aliases(count), mixed(8), mixed(32), 8);
    sorts(aliases(count).toReversed(), mixed(17), mixed(10), 17);
  });

  test.each<[string, (i: number) => number, (i: number) => number]>([
    ['the same number', () => 7, mixed(32)],
    ['the same hash', () => 7, () => 9],
    ['numbers near each other', (i) => i % 3, mixed(4)],
    ['numbers from the last to the first', (i) => 2 ** 31 - 1 - i, mixed(32)],
  ])('%s', (_name, number, hash) => {
    sorts(aliases(20_000), number, hash, 31);
    sorts(aliases(20_000).toReversed(), number, hash, 31);
  });
});

test.each([2, 5000])('a key that two of %i entries have', (count) => {
  const entries: Entry[] = [...aliases(count - 1), aliases(1)[0] ?? ['', '']];
  const same = new Uint32Array(count).fill(3);
  const hashes = Uint32Array.from(entries, (_, i) => mixed(31)(i === count - 1 ? 0 : i));
  const [[key] = ['']] = aliases(1);
  const repeated = (numbers: Uint32Array, bits: number) =>
    Buffer.from(sortByHash(pairsOf(entries), numbers, numbers, bits).repeated ?? '').toString();
  expect(repeated(hashes, 31)).toBe(key);
  expect(repeated(same, 2)).toBe(key);
});
