import { renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { formats } from '../../../src/dbm/index.ts';
import { aliases, type Entry, pairsOf, scratchDirectory } from '../support.ts';
import { compileClient, loadedWith, Reader, stat, writtenBy } from './support.ts';

const directory = scratchDirectory();
const client = compileClient(directory);
const path = join(directory, 'table.lmdb');
const readers: Reader[] = [];

async function reader(): Promise<Reader> {
  const opened = await Reader.open(client, path);
  readers.push(opened);
  return opened;
}

async function publish(entries: readonly Entry[]): Promise<void> {
  await formats.lmdb.write(`${path}.new`, pairsOf(entries));
  renameSync(`${path}.new`, path);
}

afterEach(async () => {
  for (const each of readers.splice(0)) await each.close();
  for (const suffix of ['', '-lock']) rmSync(path + suffix, { force: true });
});

const table = (version: number, count: number): Entry[] =>
  aliases(count).map(([key, value]) => [key, `${version}${value}`]);

describe('a reader that stays open, and new ones beside it', () => {
  test('all see their whole table, over one lock file', async () => {
    const tables = [table(1, 1000), table(2, 10), table(3, 5000), table(4, 1)];
    const open: Reader[] = [];
    for (const entries of tables) {
      await publish(entries);
      open.push(await reader());
      for (const [i, each] of open.entries()) expect(await each.notFound(tables[i] ?? [])).toEqual([]);
    }
  });

  /** mdb_load commits every hundred entries; the lock file then holds an even or an odd transaction number. */
  test.each([150, 250, 350])('after a file of several transactions, %i entries', async (count) => {
    loadedWith(path, table(1, count));
    const old = await reader();
    await publish(table(2, 1000));
    const fresh = await reader();
    expect(await fresh.notFound(table(2, 1000))).toEqual([]);
    expect(await old.notFound(table(1, count))).toEqual([]);
  });

  test('which goes wrong with files of several transactions: the reason for both meta pages', async () => {
    loadedWith(path, table(1, 150));
    await reader();
    writtenBy(client, `${path}.new`, [table(2, 100)]);
    renameSync(`${path}.new`, path);
    expect(await (await reader()).notFound(table(2, 100))).toHaveLength(100);
  });
});

describe('the lock file', () => {
  const { companion } = formats.lmdb;
  const lock = `${path}${companion?.suffix}`;
  const replaceLock = async (): Promise<void> => {
    await companion?.write(`${lock}.new`);
    renameSync(`${lock}.new`, lock);
  };

  test('is the one that liblmdb uses, and lets many processes read at a time', async () => {
    await publish(table(1, 100));
    await replaceLock();
    const { ino } = statSync(lock);
    expect(await (await reader()).notFound(table(1, 100))).toEqual([]);
    expect(statSync(lock).ino).toBe(ino);
    const figures = stat(path);
    expect(figures['Max readers']).toBeGreaterThan(2000);
    expect(figures['Number of readers used']).toBe(1);
  });

  test('may be read and written by its group and by nobody else', async () => {
    const before = process.umask(0o077);
    try {
      await replaceLock();
    } finally {
      process.umask(before);
    }
    expect(statSync(lock).mode & 0o777).toBe(0o660);
  });

  test('is replaced under a reader, which goes on, and forgets processes that were killed', async () => {
    await publish(table(1, 1000));
    await replaceLock();
    const old = await reader();
    const killed = await reader();
    await killed.kill();
    expect(stat(path)['Number of readers used']).toBe(2);
    await publish(table(2, 500));
    const between = await reader();
    await replaceLock();
    const fresh = await reader();
    expect(stat(path)['Number of readers used']).toBe(1);
    expect(await old.notFound(table(1, 1000))).toEqual([]);
    expect(await between.notFound(table(2, 500))).toEqual([]);
    expect(await fresh.notFound(table(2, 500))).toEqual([]);
  });
});
