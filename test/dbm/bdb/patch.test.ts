import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bdb } from '../../../src/dbm/bdb/bdb.ts';
import { META } from '../../../src/dbm/bdb/layout.ts';
import { aliases, type Entry, pairsOf, scratchDirectory } from '../support.ts';
import { dbVerify } from './support.ts';

const directory = scratchDirectory();
const [old, patched, whole] = ['old', 'patched', 'whole'].map((name) => join(directory, name));

/** What a table's change leaves, and the change itself. */
function changed(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): { gone: Entry[]; come: Entry[] } {
  const differs = ([key, value]: [string, string], other: ReadonlyMap<string, string>): boolean =>
    other.get(key) !== value;
  return {
    gone: [...before].filter((entry) => differs(entry, after)),
    come: [...after].filter((entry) => differs(entry, before)),
  };
}

/** Patches a file of `before`, and holds it against one of `after`. @returns whether it could be patched */
async function patch(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): Promise<{ isPatched: boolean; pageSize: number; pages: number; buckets: number }> {
  for (const path of [old, patched, whole]) rmSync(path, { force: true });
  await bdb.write(old, pairsOf([...before]));
  await bdb.write(whole, pairsOf([...after]));
  const { gone, come } = changed(before, after);
  const isPatched = await bdb.patch?.(patched, old, { gone: pairsOf(gone), come: pairsOf(come) });
  expect(existsSync(patched)).toBe(isPatched);
  const bytes = readFileSync(whole);
  if (isPatched === true) expect(readFileSync(patched).equals(bytes)).toBe(true);
  return {
    isPatched: isPatched === true,
    pageSize: bytes.readUInt32LE(META.pageSize),
    pages: bytes.readUInt32LE(META.lastPage) + 1,
    buckets: bytes.readUInt32LE(META.maxBucket) + 1,
  };
}

function table(count: number): Map<string, string> {
  return new Map(aliases(count).map(([key, value]) => [`${key}`, `${value}`]));
}

test('whatever changes, a patched file is the one that is written whole', async () => {
  const sizes = fc.integer({ min: 1000, max: 9000 });
  const value = fc.string({ unit: 'grapheme-ascii', maxLength: 60 });
  const changes = fc.array(fc.tuple(fc.constantFrom('add', 'set', 'remove'), fc.nat(), value), {
    minLength: 1,
    maxLength: 8,
  });
  const seen = { patched: 0, ofLargePages: 0, withFurtherPages: 0, whole: 0 };
  await fc.assert(
    fc.asyncProperty(sizes, changes, async (count, list) => {
      const before = table(count);
      const after = new Map(before);
      const keys = [...before.keys()];
      for (const [what, place, text] of list) {
        const key = keys[place % keys.length];
        if (what === 'add') after.set(`${text}.${key}`, text);
        else if (what === 'set') after.set(key, text);
        else after.delete(key);
      }
      const { isPatched, pageSize, pages, buckets } = await patch(before, after);
      seen[isPatched ? 'patched' : 'whole']++;
      if (isPatched && pageSize > 4096) seen.ofLargePages++;
      if (isPatched && pages > buckets + 1) seen.withFurtherPages++;
    }),
    { numRuns: 100 },
  );
  // Else the test would say little.
  expect(seen.patched).toBeGreaterThan(50);
  expect(seen.ofLargePages).toBeGreaterThan(0);
  expect(seen.withFurtherPages).toBeGreaterThan(0);
});

/** Names whose keys all fall into one bucket of so many. */
function ofOneBucket(buckets: number, count: number): string[] {
  const hash = (key: string): number =>
    Buffer.from(`${key}\0`).reduce((sum, byte) => Math.imul(sum, 16777619) ^ byte, 0);
  const names: string[] = [];
  for (let i = 0; names.length < count; i++) {
    if ((hash(`extra${i}`) & (buckets - 1)) === 5) names.push(`extra${i}`);
  }
  return names;
}

test('a bucket that grows beyond its page, and shrinks again, among others that have several', async () => {
  const before = table(9000);
  const { buckets, pages } = await patch(before, new Map([...before, ['one', 'more']]));
  const after = new Map(before);
  for (const name of ofOneBucket(buckets, 60)) after.set(name, 'x'.repeat(120));
  const grown = await patch(before, after);
  expect(grown.isPatched).toBe(true);
  expect(grown.pages).toBeGreaterThan(pages + 1);
  dbVerify(patched);
  expect(await patch(after, before)).toMatchObject({ isPatched: true, pages });
});

test('long items, other pages, and a change of much are written whole', async () => {
  const before = table(5000);
  const long = new Map([...before, ['list', 'x'.repeat(5000)]]);
  expect((await patch(before, long)).isPatched).toBe(false);
  expect((await patch(long, new Map([...long, ['a', 'b']]))).isPatched).toBe(false);
  expect((await patch(before, table(4000))).isPatched).toBe(false);
  const shapeOf = async (size: number): Promise<string> => {
    const { pageSize, buckets } = await patch(new Map(), table(size));
    return `${pageSize} ${buckets}`;
  };
  // The last number of entries before a file gets other pages.
  let count = 5000;
  const first = await shapeOf(count);
  for (let step = 4096; step >= 1; step /= 2) if ((await shapeOf(count + step)) === first) count += step;
  expect((await patch(table(count), table(count + 1))).isPatched).toBe(false);
});

test('a file that is not what was written from the entries before is not patched', async () => {
  const before = table(5000);
  const [[key, value]] = before;
  const patchWith = async (gone: Entry[], come: Entry[]): Promise<boolean | undefined> => {
    rmSync(patched, { force: true });
    const done = await bdb.patch?.(patched, old, { gone: pairsOf(gone), come: pairsOf(come) });
    expect(existsSync(patched)).toBe(done);
    return done;
  };
  rmSync(old, { force: true });
  await bdb.write(old, pairsOf([...before]));
  expect(await patchWith([], [['new', 'entry']])).toBe(true);
  expect(await patchWith([['nobody', 'x']], [])).toBe(false);
  expect(await patchWith([[key, `${value}x`]], [])).toBe(false);
  expect(await patchWith([], [[key, 'twice']])).toBe(false);

  const bytes = readFileSync(old);
  const random = fc.sample(fc.nat(bytes.length - 1), 60);
  // The unused half of the log sequence number, unread by anybody, counts as well.
  for (const place of [0, 4, 60, 4096, ...random]) {
    const damaged = Buffer.from(bytes);
    damaged[place] ^= 0x10;
    writeFileSync(old, damaged);
    expect(await patchWith([], [['new', 'entry']]), `byte ${place}`).toBe(false);
  }
  writeFileSync(old, bytes.subarray(0, -4096));
  expect(await patchWith([], [['new', 'entry']])).toBe(false);
  writeFileSync(old, '');
  expect(await patchWith([], [['new', 'entry']])).toBe(false);
  rmSync(old);
  expect(await patchWith([], [['new', 'entry']])).toBe(false);
});
