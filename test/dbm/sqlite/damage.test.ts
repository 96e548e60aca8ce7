import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { DbmError, formats, openTable, type Pairs } from '../../../src/dbm/index.ts';
import { aliases, type Entry, hexLines, pairsOf, scratchDirectory } from '../support.ts';
import { builtBy, rows, sqlite3 } from './support.ts';

const directory = scratchDirectory();
const path = join(directory, 'damaged');
const entries: readonly Entry[] = [
  ...aliases(300),
  ['long', 'x'.repeat(9000)],
  ['another', 'y'.repeat(3000)],
];
const pairs = pairsOf(entries);
const PAGE = 4096;
const originals: Buffer[] = [];

beforeAll(async () => {
  const ours = join(directory, 'ours');
  await formats.sqlite.write(ours, pairs);
  const theirs = join(directory, 'theirs');
  builtBy('4.99.1', theirs, entries);
  for (const file of [ours, theirs]) originals.push(readFileSync(file));
});

/** What `action` gives, or undefined when it refuses with our own error; anything else fails the test. */
function attempt<T>(action: () => T): { result: T } | undefined {
  try {
    return { result: action() };
  } catch (error) {
    if (error instanceof DbmError && error.message.startsWith(path)) return undefined;
    throw error;
  }
}

/** Does with a file all that can be done. True when it passes as the undamaged table. */
function survives(bytes: Uint8Array): boolean {
  writeFileSync(path, bytes);
  const file = attempt(() => openTable(path))?.result;
  if (file === undefined) return false;
  try {
    const read: Pairs | undefined = attempt(() => file.pairs())?.result;
    if (read !== undefined) expect(read.pool.length).toBeLessThanOrEqual(bytes.length);
    attempt(() => file.statistics());
    attempt(() => file.get(Buffer.from('long')));
    const verified = attempt(() => file.verify()) !== undefined;
    return attempt(() => file.readBack(pairs)) !== undefined && verified;
  } finally {
    file.close();
  }
}

const change = fc.record({
  place: fc.oneof(
    fc.record({ page: fc.nat(60), offset: fc.nat(60) }),
    fc.record({ page: fc.constant(0), offset: fc.nat(200) }),
    fc.record({ page: fc.nat(60), offset: fc.nat(PAGE - 1) }),
  ),
  value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 5, 10, 13, 255)),
});

test('what passes our checks passes SQLite’s, and holds what it held', () => {
  const expected = hexLines(pairs)
    .map((line) => `${line.replace(' ', '00 ')}00`)
    .sort();
  let passed = 0;
  fc.assert(
    fc.property(fc.nat(1), fc.array(change, { minLength: 1, maxLength: 3 }), (which, changes) => {
      const bytes = Buffer.from(originals[which] ?? Buffer.alloc(0));
      for (const { place, value } of changes)
        bytes[(place.page * PAGE + place.offset) % bytes.length] = value;
      if (!survives(bytes)) return;
      passed++;
      expect(sqlite3(path, 'PRAGMA integrity_check;')).toEqual(['ok']);
      expect(rows(path, 'tblblob')).toEqual(expected);
    }),
    { numRuns: 800 },
  );
  expect(passed).toBeGreaterThan(0);
}, 120_000);

test('truncated anywhere', () => {
  fc.assert(
    fc.property(fc.nat(1), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (which, part) => {
      const original = originals[which] ?? Buffer.alloc(0);
      expect(survives(original.subarray(0, Math.floor(part * original.length)))).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test('random bytes behind a good first page', () => {
  fc.assert(
    fc.property(
      fc.nat(1),
      fc.uint8Array({ minLength: 1, maxLength: 20_000, size: 'max' }),
      (which, noise) => {
        const bytes = Buffer.from(originals[which] ?? Buffer.alloc(0));
        bytes.set(noise.subarray(0, bytes.length - PAGE), PAGE);
        survives(bytes);
      },
    ),
    { numRuns: 300 },
  );
});

test('bytes behind the last page', () => {
  expect(survives(Buffer.concat([originals[0] ?? Buffer.alloc(0), Buffer.alloc(PAGE)]))).toBe(false);
});

test('the first fault is named with its place, in ours by us, in others by SQLite', () => {
  const damaged = (which: number, at: number) => {
    const bytes = Buffer.from(originals[which] ?? Buffer.alloc(0));
    bytes[at] = 77;
    writeFileSync(path, bytes);
    return openTable(path);
  };
  const ours = damaged(0, PAGE);
  expect(() => ours.verify()).toThrow(`${path}: byte ${PAGE}: page 2: page type 77`);
  ours.close();
  const theirs = damaged(1, 6 * PAGE);
  expect(() => theirs.verify()).toThrow(expect.objectContaining({ path, offset: 6 * PAGE }));
  theirs.close();
});

test('a page that nothing leads to', () => {
  const bytes = Buffer.concat([originals[0] ?? Buffer.alloc(0), Buffer.alloc(PAGE)]);
  bytes.writeUInt32BE(bytes.length / PAGE, 28);
  writeFileSync(path, bytes);
  const file = openTable(path);
  file.readBack(pairs);
  expect(() => file.verify()).toThrow(/nothing leads to it/);
  file.close();
});
