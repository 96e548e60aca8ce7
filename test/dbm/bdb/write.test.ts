import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openTable } from '../../../src/dbm/index.ts';
import { testEveryFormat } from '../every-format/every-format.ts';
import { readsWhole } from '../every-format/reads-whole.ts';
import { aliases, datOf, run, scratchDirectory } from '../support.ts';
import { tested } from './support.ts';

const directory = scratchDirectory();
const written = testEveryFormat(tested, directory);

test('keys that all fall into one bucket', async () => {
  const hash = (key: string) => Buffer.from(`${key}\0`).reduce((h, byte) => Math.imul(h, 16777619) ^ byte, 0);
  const entries = aliases(400_000).filter(([key]) => (hash(`${key}`) & 255) === 77);
  expect(entries.length).toBeGreaterThan(1000);
  const path = await written(entries.toReversed());
  readsWhole(path, 'bdb', entries);
});

test('a changed value changes the file id, by which libdb tells files apart', async () => {
  const fileId = async (value: string) => readFileSync(await written([['key', value]])).subarray(52, 72);
  expect(await fileId('a')).not.toEqual(await fileId('b'));
});

test.each([300, 1500, 9_000, 40_000, 64_000, 75_000, 150_000])(
  'a file of %i entries is no larger than exim_dbmbuild’s, and few lookups read a second page',
  async (count) => {
    const entries = aliases(count);
    const dat = join(directory, 'size.dat');
    const theirs = join(directory, 'size');
    writeFileSync(dat, datOf(entries));
    rmSync(theirs, { force: true });
    run('exim_dbmbuild', [dat, theirs]);
    const ours = await written(entries);
    expect(statSync(ours).size).toBeLessThanOrEqual(statSync(theirs).size);
    const file = openTable(ours);
    expect(file.statistics().detail['bucket pages read per lookup']).toBeLessThanOrEqual(1.1);
    file.close();
  },
);
