import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type FormatName, formats } from '../../../src/dbm/index.ts';
import { merge } from '../../../src/tables/columns/merge.ts';
import type { Table } from '../../../src/tables/columns/table.ts';
import { sumAndDigest } from '../../../src/tables/dat/text-sum.ts';
import { stampsOf, type TableFiles, tableFiles } from '../../../src/tables/publish/files.ts';
import { discardPrepared, prepareFiles } from '../../../src/tables/publish/prepare.ts';
import { StagedTable, stage, stagePatched, type TableChange } from '../../../src/tables/publish/stage.ts';
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
/** The same in the files, as they are now. @param isKnown whether the sum of the text is */
function changeIn(files: TableFiles, isKnown = false): TableChange {
  return {
    gone: tableOf(crowd.slice(0, 1)).columns(),
    come: tableOf([['new@example.org', 'mailbox']]).columns(),
    before: {
      digest: before.digest,
      sum: isKnown ? sumAndDigest(files.dat).sum : undefined,
      stamps: stampsOf(files),
    },
  };
}

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

const label = 'new';

/** What is there before a patch. */
interface Way {
  readonly isPrepared: boolean;
  readonly isKnown: boolean;
}

/** Patches the files in one of the ways. @param meanwhile happens to the files before the patch */
async function patch(files: TableFiles, { isPrepared, isKnown }: Way, meanwhile = (): void => {}) {
  const change = changeIn(files, isKnown);
  const prepared = isPrepared ? await prepareFiles(files, change.before, label, new Stopwatch()) : undefined;
  expect(prepared !== undefined).toBe(isPrepared);
  meanwhile();
  return stagePatched(files, change, label, new Stopwatch(), prepared);
}

describe.each([
  { isPrepared: true, isKnown: true },
  { isPrepared: true, isKnown: false },
  { isPrepared: false, isKnown: true },
  { isPrepared: false, isKnown: false },
])('prepared: $isPrepared, the sum known: $isKnown', (way) => {
  test('the files are those that are written whole, with the rights of those before', async () => {
    await published(after);
    const whole = ['table', 'table.dat'].map((name) => readFileSync(join(folder, name)));
    const files = await published(before);
    chmodSync(files.dat, 0o604);
    chmodSync(join(folder, 'table'), 0o440);
    const patched = await patch(files, way);
    expect(patched?.measure).toEqual({ digest: after.digest, bytes: after.bytes });
    expect(patched?.datSum).toBe(sumAndDigest(patched?.renames[0].from ?? '').sum);
    expect(patched?.renames.map(({ to }) => to)).toEqual([files.dat, join(folder, 'table')]);
    // What is published is as it was until then.
    expect(
      readFileSync(files.dat).equals(Buffer.concat([...before.text()].map((block) => Buffer.from(block)))),
    ).toBe(true);
    await new StagedTable(folder, patched?.renames ?? []).commit();
    expect(['table', 'table.dat'].map((name) => readFileSync(join(folder, name)))).toEqual(whole);
    expect(['table', 'table.dat'].map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([
      0o440, 0o604,
    ]);
  });

  test('a sound dbm file that somebody put there meanwhile is not made use of', async () => {
    const other = await published(tableOf([...crowd.slice(0, -1), ['other@example.org', 'mailbox']]));
    const foreign = readFileSync(join(folder, 'table'));
    expect(other.dbm).toHaveLength(1);
    const files = await published(before);
    const replace = (): void => {
      writeFileSync(join(folder, 'theirs'), foreign);
      renameSync(join(folder, 'theirs'), join(folder, 'table'));
    };
    expect(await patch(files, way, replace)).toBeUndefined();
    expect(readdirSync(folder).sort()).toEqual(['table', 'table.dat']);
  });

  test('neither is a .dat that is written to meanwhile', async () => {
    const files = await published(before);
    const text = readFileSync(files.dat);
    text[text.lastIndexOf('mailbox4')] = 'M'.charCodeAt(0);
    expect(await patch(files, way, () => writeFileSync(files.dat, text))).toBeUndefined();
    expect(readdirSync(folder).sort()).toEqual(['table', 'table.dat']);
  });
});

test.each(['table', 'table.dat'])('a %s that is not what it should be is not made use of', async (name) => {
  const files = await published(before);
  const path = join(folder, name);
  const bytes = readFileSync(path);
  // Far from what changes.
  const at = bytes.lastIndexOf('mailbox4');
  bytes[at] = 'M'.charCodeAt(0);
  writeFileSync(path, bytes);
  const change = changeIn(files);
  expect(await prepareFiles(files, change.before, label, new Stopwatch())).toBeUndefined();
  expect(readdirSync(folder).sort()).toEqual(['table', 'table.dat']);
  expect(await stagePatched(files, change, label, new Stopwatch())).toBeUndefined();
  expect(readdirSync(folder).sort()).toEqual(['table', 'table.dat']);
});

test('neither is a .dat that has not the sum that is known, when it comes to it', async () => {
  const files = await published(before);
  const text = readFileSync(files.dat);
  const { digest, sum } = changeIn(files, true).before;
  text[text.lastIndexOf('mailbox4')] = 'M'.charCodeAt(0);
  writeFileSync(files.dat, text);
  const change = { ...changeIn(files), before: { digest, sum, stamps: stampsOf(files) } };
  const prepared = await prepareFiles(files, change.before, label, new Stopwatch());
  expect(prepared).toBeDefined();
  expect(await stagePatched(files, change, label, new Stopwatch(), prepared)).toBeUndefined();
  expect(readdirSync(folder).sort()).toEqual(['table', 'table.dat']);
});

test('nor is one that is not what the survey found', async () => {
  const files = await published(before);
  const { before: found } = changeIn(files);
  utimesSync(files.dat, 1, 1);
  expect(await prepareFiles(files, found, label, new Stopwatch())).toBeUndefined();
});

test('neither are formats that are always written whole', async () => {
  const files = await published(before, ['bdb', 'cdb']);
  const change = changeIn(files);
  expect(await prepareFiles(files, change.before, label, new Stopwatch())).toBeUndefined();
  expect(await stagePatched(files, change, label, new Stopwatch())).toBeUndefined();
  expect(readdirSync(folder).sort()).toEqual(['table', 'table.cdb', 'table.dat']);
});

test('what was prepared, and by a killed run too, is prepared again or removed', async () => {
  const files = await published(before);
  const change = changeIn(files);
  for (const _ of ['killed', 'this'])
    expect(await prepareFiles(files, change.before, label, new Stopwatch())).toBeDefined();
  expect(readdirSync(folder)).toHaveLength(3);
  await discardPrepared(files, label);
  expect(readdirSync(folder).sort()).toEqual(['table', 'table.dat']);
});
