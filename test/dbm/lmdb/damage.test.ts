import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formats, openTable } from '../../../src/dbm/index.ts';
import { placesInPages, testDamage } from '../every-format/damage.ts';
import { aliases, type Entry, hexLines, pairsOf, runs, scratchDirectory } from '../support.ts';
import { compileClient, held, loadedWith, writtenBy } from './support.ts';

const directory = scratchDirectory();
const client = compileClient(directory);
const entries: readonly Entry[] = [
  ...aliases(400),
  ['long', 'x'.repeat(9000)],
  ['another', 'y'.repeat(3000)],
  ...Array.from({ length: 20 }, (_, i): Entry => [`${i}`.padStart(500, 'k'), 'z'.repeat(1200)]),
];
const pairs = pairsOf(entries);
const PAGE = 4096;

const { path, original, survives } = testDamage(
  {
    format: formats.lmdb,
    reader: 'liblmdb',
    entries,
    terminated: false,
    originals: async () => {
      const ours = join(directory, 'ours');
      await formats.lmdb.write(ours, pairs);
      const theirs = join(directory, 'theirs');
      loadedWith(theirs, entries);
      const changed = join(directory, 'changed');
      const gone = aliases(900).slice(400);
      writtenBy(client, changed, [gone, entries, gone.map(([key]) => [`${key}`] as const)]);
      // Theirs may end with pages that nothing leads to any more.
      const needless = () => true;
      return [{ path: ours }, { path: theirs, needless }, { path: changed, needless }];
    },
    place: (bytes) =>
      fc.oneof(
        { weight: 3, arbitrary: placesInPages(bytes.length, PAGE, 152) },
        { weight: 1, arbitrary: fc.nat(152).map((offset) => PAGE + offset) },
      ),
    head: 2 * PAGE,
    tries: 1200,
    holds,
  },
  directory,
);

/** Without the lock file of the file that lay there before. */
function holds(path: string, stored: readonly string[]): void {
  rmSync(`${path}-lock`, { force: true });
  held(client, path, stored);
}

test('pages put in the place of others', () => {
  fc.assert(
    fc.property(fc.nat(2), fc.nat(200), fc.nat(200), fc.boolean(), (which, from, to, renumbered) => {
      const bytes = original(which);
      const pages = bytes.length / PAGE;
      bytes.copy(bytes, (to % pages) * PAGE, (from % pages) * PAGE, ((from % pages) + 1) * PAGE);
      if (renumbered) bytes.writeUInt32LE(to % pages, (to % pages) * PAGE);
      if (survives(bytes)) holds(path, hexLines(pairs));
    }),
    runs(500),
  );
});

test('a branch that leads back to itself ends', () => {
  const bytes = original(0);
  const root = bytes.readUInt32LE(128);
  for (let node = bytes.readUInt16LE(root * PAGE + 14); node < PAGE - 8; node += 2) {
    bytes.writeUInt32LE(root, root * PAGE + node);
    expect(survives(bytes)).toBe(false);
  }
});

test('the first fault is named with its place', () => {
  const bytes = original(0);
  bytes[3 * PAGE] = 9;
  writeFileSync(path, bytes);
  const file = openTable(path);
  expect(() => file.verify()).toThrow(`${path}: byte ${3 * PAGE}: page 3: calls itself page 9`);
  expect(() => file.verify()).toThrow(expect.objectContaining({ path, offset: 3 * PAGE }));
  file.close();
});

test('a table that the other meta page alone knows wrongly is noticed: a reader may go by it', () => {
  const bytes = original(0);
  bytes.writeUInt32LE(2, 128);
  writeFileSync(path, bytes);
  const file = openTable(path);
  file.readBack(pairs);
  expect(() => file.verify()).toThrow(/page 2: page flags 2/);
  file.close();
});

test('a page that nothing leads to', () => {
  const bytes = Buffer.concat([original(0), Buffer.alloc(PAGE)]);
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
  const bytes = original(0);
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
