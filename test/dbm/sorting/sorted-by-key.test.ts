import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sortedByKey } from '../../../src/dbm/sorting/sorted-by-key.ts';
import { aliases, type Entry, hexLines, pairsOf } from '../support.ts';

const refuse = (key: Uint8Array) => new Error(`twice: ${Buffer.from(key)}`);

/** The keys come out as Buffer.compare has them, each once and with its value. */
function sorts(keys: readonly (Uint8Array | string)[]): void {
  const { count, pool, keyStart, keyEnd, valueStart, valueEnd } = sortedByKey(
    'the file',
    pairsOf(keys.map((key, i): Entry => [key, `${i}`])),
    refuse,
  );
  const text = (from: number, to: number) => Buffer.from(pool.subarray(from, to)).toString('latin1');
  const theirs = keys
    .map((key, i) => [Buffer.from(key), i] as const)
    .sort(([a], [b]) => Buffer.compare(a, b))
    .map(([key, i]) => `${key.toString('latin1')} ${i}`);
  const ours = theirs.map(
    (_, i) => `${text(keyStart[i] ?? 0, keyEnd[i] ?? 0)} ${text(valueStart[i] ?? 0, valueEnd[i] ?? 0)}`,
  );
  expect(count).toBe(keys.length);
  expect(ours.findIndex((row, i) => row !== theirs[i])).toBe(-1);
}

/** The same every time, and in no order. */
function shuffled<T>(items: readonly T[]): T[] {
  let seed = 1;
  return items
    .map((item) => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return [seed, item] as const;
    })
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

const keysOfAliases = (count: number) => shuffled(aliases(count)).map(([key]) => key);
const number = (i: number) => `${i}`.padStart(7, '0');

describe('entries in the order of their keys', () => {
  test.each([0, 1, 2, 3, 12, 13, 1000, 65_536, 65_537, 300_000])('%i aliases', (count) => {
    sorts(keysOfAliases(count));
  });

  const long = Array.from({ length: 70_000 }, (_, i) => number(i));
  test.each<[string, readonly (Uint8Array | string)[]]>([
    [
      'sorted already',
      aliases(5000)
        .map(([key]) => key)
        .toSorted(),
    ],
    [
      'sorted backwards',
      aliases(5000)
        .map(([key]) => key)
        .toSorted()
        .toReversed(),
    ],
    ['sorted but for a few', [...long.slice(0, 30), 'z', ...long.slice(30, 60), '0', ...long.slice(60, 90)]],
    ['that all begin alike', shuffled(long).map((key) => `the same beginning of all of them ${key}`)],
    ['that all end alike', shuffled(long).map((key) => `${key} the same end`)],
    ['of an odd number of bytes alike', shuffled(long).map((key) => `abc${key}`)],
    ['that begin others', shuffled(Array.from({ length: 3000 }, (_, i) => 'a'.repeat(i)))],
    [
      'very long ones',
      shuffled(Array.from({ length: 300 }, (_, i) => `${'a'.repeat(100 * i)}${i % 3 === 0 ? 'b' : ''}`)),
    ],
    ['of NULs', shuffled(Array.from({ length: 400 }, (_, i) => '\0'.repeat(i)))],
    ['of one byte', shuffled(Array.from({ length: 256 }, (_, i) => Uint8Array.of(i)))],
    [
      'short ones among many',
      ['', 'a', '\0', 'a\0', ...shuffled(long), ...shuffled(long).map((key) => `a${key}`)],
    ],
  ])('%s', (_, keys) => {
    sorts(keys);
  });

  test('of any bytes', () => {
    const byte = fc.constantFrom(0, 0, 1, 0x61, 0x62, 0xff);
    const key = fc.oneof(
      fc.array(byte, { maxLength: 30 }).map((bytes) => Uint8Array.from(bytes)),
      fc
        .tuple(fc.array(byte, { maxLength: 3 }), fc.nat(40))
        .map(([end, n]) => Uint8Array.from([...Array(n).fill(97), ...end])),
    );
    const keys = fc.uniqueArray(key, {
      selector: (bytes) => Buffer.from(bytes).toString('hex'),
      maxLength: 300,
      size: 'max',
    });
    fc.assert(fc.property(keys, sorts), { numRuns: 500 });
  });
});

describe('a key that is there twice is named', () => {
  const base = keysOfAliases(70_000).map(String);
  test.each<[string, readonly string[]]>([
    ['side by side', ['a', 'a']],
    ['in a sorted table', ['a', 'b', 'b', 'c']],
    ['in a few', ['c', 'b', 'a', 'b', 'd']],
    ['an empty one', [...base.slice(0, 100), '', '']],
    ['in many', [...base, base[1] ?? '']],
    ['of one byte in many', [...base, 'x', 'x']],
    ['all of them', Array(70_000).fill('the same key')],
    ['all of two kinds', [...Array(1000).fill('a'), ...Array(1000).fill('a\0')]],
    ['that ends with a piece', [...base.slice(0, 100), 'abcdef', 'abcdefg', 'abcdef']],
  ])('%s', (_, keys) => {
    const pairs = pairsOf(keys.map((key): Entry => [key, '']));
    let named = '';
    const name = (key: Uint8Array) => {
      named = Buffer.from(key).toString();
      return new Error('twice');
    };
    expect(() => sortedByKey('the file', pairs, name)).toThrow('twice');
    expect(keys.filter((key) => key === named).length).toBeGreaterThan(1);
  });
});

test('a value that many entries share is not copied for each', () => {
  const pairs = pairsOf(shuffled(aliases(1000)));
  const pool = Buffer.concat([pairs.pool, Buffer.alloc(1 << 20, 'v')]);
  const shared = {
    ...pairs,
    pool,
    valueStart: new Uint32Array(1000).fill(pairs.pool.length),
    valueEnd: new Uint32Array(1000).fill(pool.length),
  };
  const sorted = sortedByKey('the file', shared, refuse);
  expect(sorted.pool.length).toBe(pool.length);
  expect([...sorted.valueStart]).toEqual([...shared.valueStart]);
  expect([...sorted.valueEnd]).toEqual([...shared.valueEnd]);
  const keys = hexLines({ ...shared, valueEnd: shared.valueStart });
  expect(hexLines({ ...sorted, valueEnd: sorted.valueStart })).toEqual(keys);
});
