import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pairs } from '../../../src/dbm/pairs.ts';
import { repeatedPlaces } from '../../../src/tables/columns/repeated.ts';
import { RunLoops } from '../../../src/tables/columns/run-loops.ts';
import { type Precedence, settleTies, sorted } from '../../../src/tables/columns/sort.ts';
import { type Entry, entriesOf, pairsOf } from '../pairs.ts';

function keyOf(pairs: Pairs, entry: number): Buffer {
  return Buffer.from(pairs.pool.subarray(pairs.keyStart[entry], pairs.keyEnd[entry]));
}

/** The plain way: every key a Buffer, Array.prototype.sort. */
function plainOrder(pairs: Pairs, precedence: Precedence = (a, b) => a - b): number[] {
  const keys = Array.from({ length: pairs.count }, (_, entry) => keyOf(pairs, entry));
  return [...keys.keys()].sort((a, b) => Buffer.compare(keys[a], keys[b]) || precedence(a, b));
}

/** Tables of all sizes: few entries, and the compiled loops that many are sorted by. */
function sortsAsThePlainWay(keys: readonly string[], precedence?: Precedence): void {
  const pairs = pairsOf(keys.map((key): Entry => [key, '']));
  for (const { order, repeats } of [sorted(pairs), new RunLoops(pairs).sort(0, keys.length)]) {
    expect(repeats).toBe(new Set(keys).size < keys.length);
    if (precedence !== undefined) settleTies(order, repeatedPlaces(pairs, order), precedence);
    expect([...order]).toEqual(plainOrder(pairs, precedence));
  }
}

const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const few = fc.constantFrom('a', 'b', '\0', '\xff');

describe('sorted', () => {
  it('sorts by bytes, with keys of any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: byte, maxLength: 20 }), { maxLength: 100 }), (keys) =>
        sortsAsThePlainWay(keys),
      ),
    );
  });

  it('sorts keys that share long beginnings, end in NUL bytes, or come several times', () => {
    const piece = fc.constantFrom(
      '',
      'student',
      'x'.repeat(5),
      'x'.repeat(6),
      'x'.repeat(7),
      'x'.repeat(8),
      '\0'.repeat(6),
      '\0'.repeat(8),
      'x'.repeat(300),
      'x'.repeat(1100),
    );
    const key = fc.tuple(piece, fc.string({ unit: few, maxLength: 3 }), piece).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(key, { maxLength: 200, size: 'max' }), (keys) => sortsAsThePlainWay(keys)),
      { numRuns: 300 },
    );
  });

  it('puts equal keys in the order of the precedence it is given', () => {
    const key = fc.string({ unit: few, maxLength: 2 });
    fc.assert(
      fc.property(fc.array(key, { maxLength: 100 }), (keys) => sortsAsThePlainWay(keys, (a, b) => b - a)),
    );
  });

  it('does not take keys for sorted whose equal ones are out of precedence', () => {
    const pairs = pairsOf([
      ['a', ''],
      ['a', ''],
      ['b', ''],
    ]);
    const { order } = sorted(pairs);
    expect([...order]).toEqual([0, 1, 2]);
    settleTies(order, repeatedPlaces(pairs, order), (a, b) => b - a);
    expect([...order]).toEqual([1, 0, 2]);
  });

  it.each([
    ['in random order', (i: number) => `user${(i * 7919) % 200_003}@students.example.ac.uk`],
    ['backwards', (i: number) => `user${String(200_000 - i).padStart(7, '0')}@example`],
    ['nearly sorted', (i: number) => `user${String(i ^ (i % 97 === 0 ? 5 : 0)).padStart(7, '0')}`],
    ['of which each comes 100 times', (i: number) => `user${(i * 31) % 2000}`],
    ['all equal', () => 'the same'],
    ['up and down', (i: number) => `user${String(Math.min(i, 200_000 - i)).padStart(7, '0')}`],
  ])('sorts 200,000 keys %s', (_, keyAt) => {
    const pairs = pairsOf(Array.from({ length: 200_000 }, (_, i): Entry => [keyAt(i), '']));
    const { order } = sorted(pairs);
    const isRight = plainOrder(pairs).every((entry, i) => order[i] === entry);
    expect(isRight && order.length === pairs.count).toBe(true);
  });

  it('leaves the entries as they are', () => {
    const pairs = pairsOf([
      ['b', '1'],
      ['a', '2'],
    ]);
    const before = entriesOf(pairs);
    sorted(pairs);
    expect(entriesOf(pairs)).toEqual(before);
  });
});
