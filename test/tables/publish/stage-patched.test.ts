import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { type FormatName, formats } from '../../../src/dbm/index.ts';
import { merge } from '../../../src/tables/columns/merge.ts';
import type { Table } from '../../../src/tables/columns/table.ts';
import { type TableFiles, tableFiles } from '../../../src/tables/publish/files.ts';
import { StagedTable, stage, stagePatched } from '../../../src/tables/publish/stage.ts';
import { Stopwatch } from '../../../src/tables/threads/stopwatch.ts';
import { type Entry, pairsOf } from '../pairs.ts';

let folder: string;
beforeEach(() => {
  const made = mkdtempSync(join(tmpdir(), 'stage-patched-'));
  folder = made;
  onTestFinished(() => rmSync(made, { recursive: true }));
});

const crowd = Array.from({ length: 5000 }, (_, i): Entry => [`person${i}@example.org`, `mailbox${i}`]);
const before = tableOf(crowd);
const after = tableOf([...crowd.slice(1), ['new@example.org', 'mailbox']]);
const change = {
  gone: tableOf(crowd.slice(0, 1)).columns(),
  come: tableOf([['new@example.org', 'mailbox']]).columns(),
  digestBefore: before.digest,
};

function tableOf(entries: Entry[]): Table {
  return merge([{ source: '', pairs: pairsOf(entries) }]).table;
}

/** Files that `table` is published in. */
async function published(table: Table, names: FormatName[] = ['bdb']): Promise<TableFiles> {
  const files = tableFiles(
    folder,
    'table',
    names.map((name) => formats[name]),
  );
  const renames = await stage(files, table, { dat: true, dbm: true }, 'new', new Stopwatch());
  await new StagedTable(folder, renames).commit();
  return files;
}

test('the files are those that are written whole, with the rights of those before', async () => {
  await published(after);
  const whole = ['table', 'table.dat'].map((name) => readFileSync(join(folder, name)));
  const files = await published(before);
  chmodSync(files.dat, 0o604);
  chmodSync(join(folder, 'table'), 0o640);
  const patched = await stagePatched(files, change, 'new', new Stopwatch());
  expect(patched?.measure).toEqual({ digest: after.digest, bytes: after.bytes });
  expect(patched?.renames.map(({ to }) => to)).toEqual([files.dat, join(folder, 'table')]);
  // What is published is as it was until then.
  expect(
    readFileSync(files.dat).equals(Buffer.concat([...before.text()].map((block) => Buffer.from(block)))),
  ).toBe(true);
  await new StagedTable(folder, patched?.renames ?? []).commit();
  expect(['table', 'table.dat'].map((name) => readFileSync(join(folder, name)))).toEqual(whole);
  expect(['table', 'table.dat'].map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([
    0o640, 0o604,
  ]);
});

test.each(['table', 'table.dat'])('a %s that is not what it should be is not made use of', async (name) => {
  const files = await published(before);
  const path = join(folder, name);
  const bytes = readFileSync(path);
  // Far from what changes.
  const at = bytes.lastIndexOf('mailbox4');
  bytes[at] = 'M'.charCodeAt(0);
  writeFileSync(path, bytes);
  expect(await stagePatched(files, change, 'new', new Stopwatch())).toBeUndefined();
  expect(readdirSync(folder).sort()).toEqual(['table', 'table.dat']);
});

test('neither are formats that are always written whole', async () => {
  const files = await published(before, ['bdb', 'cdb']);
  expect(await stagePatched(files, change, 'new', new Stopwatch())).toBeUndefined();
  expect(readdirSync(folder).sort()).toEqual(['table', 'table.cdb', 'table.dat']);
});
