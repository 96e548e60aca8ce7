import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { DbmError, formats, openTable, type Pairs } from '../../../src/dbm/index.ts';
import { aliases, type Entry, hexLines, pairsOf, scratchDirectory } from '../support.ts';
import { compileClient, dumped, loadedWith, notFound, writtenBy } from './support.ts';

const directory = scratchDirectory();
const path = join(directory, 'damaged');
const client = compileClient(directory);
const entries: readonly Entry[] = [
  ...aliases(400),
  ['long', 'x'.repeat(9000)],
  ['another', 'y'.repeat(3000)],
  ...Array.from({ length: 20 }, (_, i): Entry => [`${i}`.padStart(500, 'k'), 'z'.repeat(1200)]),
];
const pairs = pairsOf(entries);
const PAGE = 4096;
const originals: Buffer[] = [];

beforeAll(async () => {
  const ours = join(directory, 'ours');
  await formats.lmdb.write(ours, pairs);
  const theirs = join(directory, 'theirs');
  loadedWith(theirs, entries);
  const changed = join(directory, 'changed');
  const gone = aliases(900).slice(400);
  writtenBy(client, changed, [gone, entries, gone.map(([key]) => [`${key}`] as const)]);
  for (const file of [ours, theirs, changed]) originals.push(readFileSync(file));
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
  rmSync(`${path}-lock`, { force: true });
  writeFileSync(path, bytes);
  const file = attempt(() => openTable(path))?.result;
  if (file === undefined) return false;
  try {
    const read: Pairs | undefined = attempt(() => file.pairs())?.result;
    if (read !== undefined) expect(read.pool.length).toBeLessThanOrEqual(bytes.length);
    attempt(() => file.statistics());
    attempt(() => file.get(Buffer.from('long')));
    attempt(() => file.get(Buffer.from('anna.ng.0@example.ac.uk')));
    const verified = attempt(() => file.verify()) !== undefined;
    return attempt(() => file.readBack(pairs)) !== undefined && verified;
  } finally {
    file.close();
  }
}

/** Changes of a few bytes, most of them where the structure is. */
const change = fc.record({
  place: fc.oneof(
    fc.record({ page: fc.nat(200), offset: fc.nat(60) }),
    fc.record({ page: fc.nat(1), offset: fc.nat(152) }),
    fc.record({ page: fc.nat(200), offset: fc.nat(PAGE - 1) }),
  ),
  value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 3, 4, 8, 16, 255)),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function damaged(original: Buffer, changes: readonly Change[]): Buffer {
  const bytes = Buffer.from(original);
  for (const { place, value } of changes) bytes[(place.page * PAGE + place.offset) % bytes.length] = value;
  return bytes;
}

test('what passes our checks holds what it held for liblmdb, too', () => {
  const changes = fc.array(change, { minLength: 1, maxLength: 3 });
  const expected = hexLines(pairs);
  let passed = 0;
  fc.assert(
    fc.property(fc.nat(2), changes, (which, list) => {
      const bytes = damaged(originals[which] ?? Buffer.alloc(0), list);
      if (!survives(bytes)) return;
      passed++;
      expect(dumped(path)).toEqual(expected);
      expect(notFound(client, path, expected)).toEqual([]);
    }),
    { numRuns: 1200 },
  );
  expect(passed).toBeGreaterThan(0);
}, 120_000);

test('truncated anywhere', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (part) => {
      const original = originals[0] ?? Buffer.alloc(0);
      expect(survives(original.subarray(0, Math.floor(part * original.length)))).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test('random bytes behind good meta pages, and instead of them', () => {
  fc.assert(
    fc.property(
      fc.nat(2),
      fc.uint8Array({ minLength: 0, maxLength: 20_000, size: 'max' }),
      fc.boolean(),
      (which, noise, meta) => {
        const bytes = Buffer.from(originals[which] ?? Buffer.alloc(0));
        bytes.set(noise.subarray(0, bytes.length - 2 * PAGE), meta ? 2 * PAGE : 0);
        survives(bytes);
      },
    ),
    { numRuns: 500 },
  );
});

test('pages put in the place of others', () => {
  fc.assert(
    fc.property(fc.nat(2), fc.nat(200), fc.nat(200), fc.boolean(), (which, from, to, renumbered) => {
      const bytes = Buffer.from(originals[which] ?? Buffer.alloc(0));
      const pages = bytes.length / PAGE;
      bytes.copy(bytes, (to % pages) * PAGE, (from % pages) * PAGE, ((from % pages) + 1) * PAGE);
      if (renumbered) bytes.writeUInt32LE(to % pages, (to % pages) * PAGE);
      if (survives(bytes)) expect(dumped(path)).toEqual(hexLines(pairs));
    }),
    { numRuns: 500 },
  );
});

test('a branch that leads back to itself ends', () => {
  const bytes = Buffer.from(originals[0] ?? Buffer.alloc(0));
  const root = bytes.readUInt32LE(128);
  for (let node = bytes.readUInt16LE(root * PAGE + 14); node < PAGE - 8; node += 2) {
    bytes.writeUInt32LE(root, root * PAGE + node);
    expect(survives(bytes)).toBe(false);
  }
});

test('the first fault is named with its place', () => {
  const bytes = Buffer.from(originals[0] ?? Buffer.alloc(0));
  bytes[3 * PAGE] = 9;
  writeFileSync(path, bytes);
  const file = openTable(path);
  expect(() => file.verify()).toThrow(`${path}: byte ${3 * PAGE}: page 3: calls itself page 9`);
  expect(() => file.verify()).toThrow(expect.objectContaining({ path, offset: 3 * PAGE }));
  file.close();
});

test('a table that the other meta page alone knows wrongly is noticed: a reader may go by it', () => {
  const bytes = Buffer.from(originals[0] ?? Buffer.alloc(0));
  bytes.writeUInt32LE(2, 128);
  writeFileSync(path, bytes);
  const file = openTable(path);
  file.readBack(pairs);
  expect(() => file.verify()).toThrow(/page 2: page flags 2/);
  file.close();
});

test('a page that nothing leads to', () => {
  const bytes = Buffer.concat([originals[0] ?? Buffer.alloc(0), Buffer.alloc(PAGE)]);
  for (const meta of [0, 1]) bytes.writeUInt32LE(bytes.length / PAGE - 1, meta * PAGE + 136);
  writeFileSync(path, bytes);
  const file = openTable(path);
  file.readBack(pairs);
  expect(() => file.verify()).toThrow(
    `byte ${bytes.length - PAGE}: page ${bytes.length / PAGE - 1}: nothing leads to it`,
  );
  file.close();
});

/** The second node of the root, and how its key may be changed so that the branch is still in order. */
test.each([
  ['less than the keys left of it', -1, /key above those that belong here/],
  ['more than the first key right of it', 1, /key below those that belong here/],
])('a branch’s key that is %s', (_, step, message) => {
  const bytes = Buffer.from(originals[0] ?? Buffer.alloc(0));
  const root = bytes.readUInt32LE(128) * PAGE;
  const node = root + bytes.readUInt16LE(root + 16 + 2);
  const keyEnd = node + 8 + bytes.readUInt16LE(node + 6);
  // The last letter of a name decides towards the left, the last one of the key towards the right.
  const at = step < 0 ? node + 8 + 3 : keyEnd - 1;
  bytes[at] = (bytes[at] ?? 0) + step;
  writeFileSync(path, bytes);
  const file = openTable(path);
  for (const check of [() => file.verify(), () => file.readBack(pairs), () => file.pairs()])
    expect(check).toThrow(message);
  file.close();
});
