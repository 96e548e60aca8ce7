import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formats, openTable } from '../../../src/dbm/index.ts';
import { placesInPages, testDamage } from '../every-format/damage.ts';
import { aliases, type Entry, pairsOf, run, runs, scratchDirectory } from '../support.ts';
import { dbVerifyNotices, held } from './support.ts';

const directory = scratchDirectory();
const entries: readonly Entry[] = [
  ...aliases(120),
  ['long', 'x'.repeat(9000)],
  ['another', 'y'.repeat(3000)],
];

const { path, attempt, changed, original, survives } = testDamage(
  {
    format: formats.bdb,
    reader: 'libdb',
    entries,
    terminated: true,
    originals: async () => {
      const ours = join(directory, 'ours');
      await formats.bdb.write(ours, pairsOf(entries));
      return [ours, loaded('1234'), loaded('4321')].map((path) => ({ path }));
    },
    place: (bytes) => placesInPages(bytes.length, pageSizeOf(bytes), 228),
    head: 512,
    tries: 1500,
    holds: held,
  },
  directory,
);

/** The same table as db_load makes it, in either byte order. */
function loaded(order: string): string {
  const theirs = join(directory, `theirs${order}`);
  const data = entries.map(([key, value]) => ` ${key}\\00\n ${value}\\00\n`).join('');
  const settings = ['-c', 'db_pagesize=512', '-c', `db_lorder=${order}`];
  const input = `VERSION=3\nformat=print\ntype=hash\nHEADER=END\n${data}DATA=END\n`;
  run('db_load', [...settings, '-t', 'hash', theirs], input);
  return theirs;
}

function pageSizeOf(bytes: Uint8Array): number {
  const size = Buffer.from(bytes.subarray(20, 24));
  return size.readUInt32LE() > 65536 ? size.readUInt32BE() : size.readUInt32LE();
}

test('a change that db_verify notices is one that we notice', () => {
  fc.assert(
    fc.property(changed(1), (bytes) => {
      writeFileSync(path, bytes);
      const noticed = dbVerifyNotices(path);
      const ours = attempt(() => {
        const file = openTable(path);
        try {
          file.verify();
        } finally {
          file.close();
        }
      });
      if (noticed) expect(ours).toBeUndefined();
    }),
    runs(300),
  );
});

test('an item that claims more bytes than there are', () => {
  const bytes = original(0);
  const at = bytes.indexOf(Buffer.from('long\0')) - 13;
  expect(bytes[at]).toBe(3);
  bytes.writeUInt32LE(0xfffffff0, at + 8);
  expect(survives(bytes)).toBe(false);
});

test('the first fault is named with its place', () => {
  const bytes = original(0);
  bytes[4096 + 8] = 9;
  writeFileSync(path, bytes);
  const file = openTable(path);
  expect(() => file.verify()).toThrow(expect.objectContaining({ path, offset: 4096 + 8 }));
  expect(() => file.verify()).toThrow(`${path}: byte 4104: page 1: calls itself page 9`);
  file.close();
});
