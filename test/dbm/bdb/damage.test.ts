import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { DbmError, formats, openTable, type Pairs } from '../../../src/dbm/index.ts';
import { aliases, type Entry, hexLines, pairsOf, run, runs, scratchDirectory } from '../support.ts';
import { dbVerify, dbVerifyNotices, dumped } from './support.ts';

const directory = scratchDirectory();
const path = join(directory, 'damaged');
const entries: readonly Entry[] = [
  ...aliases(120),
  ['long', 'x'.repeat(9000)],
  ['another', 'y'.repeat(3000)],
];
const pairs = pairsOf(entries);
const originals: Buffer[] = [];

beforeAll(async () => {
  const ours = join(directory, 'ours');
  await formats.bdb.write(ours, pairs);
  originals.push(readFileSync(ours));
  for (const order of ['1234', '4321']) {
    const theirs = join(directory, `theirs${order}`);
    const data = entries.map(([key, value]) => ` ${key}\\00\n ${value}\\00\n`).join('');
    const settings = ['-c', 'db_pagesize=512', '-c', `db_lorder=${order}`];
    run(
      'db_load',
      [...settings, '-t', 'hash', theirs],
      `VERSION=3\nformat=print\ntype=hash\nHEADER=END\n${data}DATA=END\n`,
    );
    originals.push(readFileSync(theirs));
  }
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
    fc.record({ page: fc.constant(0), offset: fc.nat(228) }),
    fc.record({ page: fc.nat(200), offset: fc.nat(4095) }),
  ),
  value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 3, 7, 13, 255)),
});

function damaged(
  original: Buffer,
  changes: readonly { place: { page: number; offset: number }; value: number }[],
): Buffer {
  const bytes = Buffer.from(original);
  const pageSize = bytes.readUInt32LE(20) > 65536 ? bytes.readUInt32BE(20) : bytes.readUInt32LE(20);
  for (const { place, value } of changes) {
    bytes[((place.page % (bytes.length / pageSize)) * pageSize + (place.offset % pageSize)) % bytes.length] =
      value;
  }
  return bytes;
}

test('what passes our checks passes libdb’s, and holds what it held', () => {
  const changes = fc.array(change, { minLength: 1, maxLength: 3 });
  let passed = 0;
  fc.assert(
    fc.property(fc.nat(2), changes, (which, list) => {
      const bytes = damaged(originals[which] ?? Buffer.alloc(0), list);
      if (!survives(bytes)) return;
      passed++;
      dbVerify(path);
      const stored = hexLines(pairs).map((line) => `${line.replace(' ', '00 ')}00`);
      expect(dumped(path)).toEqual(stored.sort());
    }),
    runs(1500),
  );
  expect(passed).toBeGreaterThan(0);
});

test('a change that db_verify notices is one that we notice', () => {
  fc.assert(
    fc.property(fc.nat(2), change, (which, one) => {
      const bytes = damaged(originals[which] ?? Buffer.alloc(0), [one]);
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

test('truncated anywhere', () => {
  fc.assert(
    fc.property(fc.nat(2), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (which, part) => {
      const original = originals[which] ?? Buffer.alloc(0);
      expect(survives(original.subarray(0, Math.floor(part * original.length)))).toBe(false);
    }),
    runs(500),
  );
});

test('random bytes behind a good meta page, and instead of it', () => {
  fc.assert(
    fc.property(
      fc.nat(2),
      fc.uint8Array({ minLength: 0, maxLength: 20_000, size: 'max' }),
      fc.boolean(),
      (which, noise, meta) => {
        const bytes = Buffer.from(originals[which] ?? Buffer.alloc(0));
        bytes.set(noise.subarray(0, bytes.length - 512), meta ? 512 : 0);
        if (noise.some((byte) => byte !== 0)) survives(bytes);
      },
    ),
    runs(500),
  );
});

test('an item that claims more bytes than there are', () => {
  const bytes = Buffer.from(originals[0] ?? Buffer.alloc(0));
  const at = bytes.indexOf(Buffer.from('long\0')) - 13;
  expect(bytes[at]).toBe(3);
  bytes.writeUInt32LE(0xfffffff0, at + 8);
  expect(survives(bytes)).toBe(false);
});

test('the first fault is named with its place', () => {
  const bytes = Buffer.from(originals[0] ?? Buffer.alloc(0));
  bytes[4096 + 8] = 9;
  writeFileSync(path, bytes);
  const file = openTable(path);
  expect(() => file.verify()).toThrow(expect.objectContaining({ path, offset: 4096 + 8 }));
  expect(() => file.verify()).toThrow(`${path}: byte 4104: page 1: calls itself page 9`);
  file.close();
});
