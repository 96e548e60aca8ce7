import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formats, openTable } from '../../../src/dbm/index.ts';
import { placesInPages, testDamage } from '../every-format/damage.ts';
import { aliases, type Entry, pairsOf, scratchDirectory } from '../support.ts';
import { builtBy, held } from './support.ts';

const directory = scratchDirectory();
const entries: readonly Entry[] = [
  ...aliases(300),
  ['long', 'x'.repeat(9000)],
  ['another', 'y'.repeat(3000)],
];
const pairs = pairsOf(entries);
const PAGE = 4096;

const { path, original, survives } = testDamage(
  {
    format: formats.sqlite,
    reader: 'SQLite',
    entries,
    terminated: true,
    originals: async () => {
      const ours = join(directory, 'ours');
      await formats.sqlite.write(ours, pairs);
      const theirs = join(directory, 'theirs');
      builtBy('4.99.1', theirs, entries);
      return [{ path: ours }, { path: theirs }];
    },
    place: (bytes) => placesInPages(bytes.length, PAGE, 200),
    head: PAGE,
    tries: 800,
    holds: held,
  },
  directory,
);

test('bytes behind the last page', () => {
  expect(survives(Buffer.concat([original(0), Buffer.alloc(PAGE)]))).toBe(false);
});

test('the first fault is named with its place, in ours by us, in others by SQLite', () => {
  const damaged = (which: number, at: number) => {
    const bytes = original(which);
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
  const bytes = Buffer.concat([original(0), Buffer.alloc(PAGE)]);
  bytes.writeUInt32BE(bytes.length / PAGE, 28);
  writeFileSync(path, bytes);
  const file = openTable(path);
  file.readBack(pairs);
  expect(() => file.verify()).toThrow(/nothing leads to it/);
  file.close();
});
