import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { Base } from '../../src/state/mirror/base.ts';
import { BLOCK } from '../../src/state/mirror/block-sums.ts';
import type { Objects, Stream } from '../../src/state/mirror/columns.ts';
import { DamagedFileError, type SectionFileIdentity } from '../../src/state/mirror/section-file.ts';
import { writeWhole } from '../../src/tables/mirror/write-whole.ts';

const folder = mkdtempSync(join(tmpdir(), 'sparse-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'x.base');

/** Columns of more than one block, and texts that lie across the ends of blocks, one of them in three. */
const COUNT = 5000;
const FEW = 20;
const texts = Array.from({ length: 2 * COUNT }, (_, i) =>
  Buffer.from(`${i} `.repeat(i === 2 * 777 + 1 ? BLOCK / 2 : 1 + ((i * 31) % 40))),
);
const objects = namesOf(COUNT);
let stream: Stream;
let identity: SectionFileIdentity;

beforeAll(async () => {
  stream = streamOf(texts);
  const streams = [streamOf(texts.slice(0, 2 * FEW)), stream];
  identity = await writeWhole(path, { objects, streams });
});

/** Some have several entries, some none. */
function objectOf(i: number): number {
  return (i * i) % COUNT;
}

function streamOf(all: readonly Buffer[]): Stream {
  const ends = [0];
  for (const [i, { length }] of all.entries()) ends.push(ends[i] + length);
  const column = (from: number) => Uint32Array.from({ length: all.length / 2 }, (_, i) => ends[2 * i + from]);
  return {
    count: all.length / 2,
    pool: Uint8Array.from(Buffer.concat(all)),
    keyStart: column(0),
    keyEnd: column(1),
    valueStart: column(1),
    valueEnd: column(2),
    object: Uint32Array.from({ length: all.length / 2 }, (_, i) => objectOf(i)),
  };
}

function namesOf(count: number): Objects {
  const dns = Array.from({ length: count }, (_, i) => Buffer.from(`CN=${i}`.padEnd(i % 30)));
  const end = Uint32Array.from(dns, (_, i) =>
    dns.slice(0, i + 1).reduce((sum, { length }) => sum + length, 0),
  );
  return {
    count,
    ids: Uint8Array.from(Buffer.concat(Array.from({ length: count }, (_, i) => idOf(i)))),
    dns: Uint8Array.from(Buffer.concat(dns)),
    dnStart: Uint32Array.from(dns, ({ length }, i) => end[i] - length),
    dnEnd: end,
  };
}

/** As entryUUIDs are that are made from a clock: most of their bytes are the same. */
function idOf(i: number): Buffer {
  const id = Buffer.alloc(16, 0x5c);
  id.writeUInt32BE(i * 3, 2);
  return id;
}

function open(): Base {
  const base = new Base(path, identity, 2);
  onTestFinished(() => base.close());
  return base;
}

const entry = fc.nat(COUNT - 1);

test('entries that are looked at are those of the whole stream', () => {
  const sparse = open().sparse(1);
  expect(sparse.count).toBe(COUNT);
  fc.assert(
    fc.property(entry, entry, (i, other) => {
      expect(Math.sign(sparse.compareKey(i, texts[2 * other]))).toBe(
        Math.sign(Buffer.compare(texts[2 * i], texts[2 * other])),
      );
      expect(Buffer.compare(sparse.value(i), texts[2 * i + 1])).toBe(0);
      expect(sparse.object(i)).toBe(stream.object[i]);
    }),
    { numRuns: 300 },
  );
  expect(Buffer.compare(sparse.value(777), texts[2 * 777 + 1])).toBe(0);
});

test('those that are picked are a stream of their own', () => {
  const sparse = open().sparse(1);
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 5 }), (chosen) => {
      const picked = sparse.pick(chosen);
      const all = chosen.flatMap((i) => [texts[2 * i], texts[2 * i + 1]]);
      expect({ ...picked, pool: Uint8Array.from(picked.pool) }).toEqual({
        ...streamOf(all),
        object: Uint32Array.from(chosen, (i) => stream.object[i]),
      });
    }),
  );
});

test('DNs and ids are the same before and after all is read', () => {
  const base = open();
  const names = (i: number) => [Buffer.from(base.dn(i)).toString(), Buffer.from(base.id(i))];
  const before = [names(0), names(COUNT - 1)];
  expect(base.objects).toEqual(objects);
  expect([names(0), names(COUNT - 1)]).toEqual(before);
  expect(before).toEqual([
    ['CN=0', idOf(0)],
    [`CN=${COUNT - 1}`.padEnd((COUNT - 1) % 30), idOf(COUNT - 1)],
  ]);
});

test('every object is found by its id, and no other', () => {
  const base = open();
  for (let i = 0; i < COUNT; i++) expect(base.find(idOf(i))).toBe(i);
  for (const other of [idOf(COUNT), idOf(1 / 3), Buffer.alloc(16)]) expect(base.find(other)).toBe(-1);
});

test('the entries of an object are found in streams of few and of many entries', () => {
  const base = open();
  const numbers = (count: number, object: number) =>
    Array.from({ length: count }, (_, i) => i).filter((i) => objectOf(i) === object);
  fc.assert(
    fc.property(fc.oneof(entry, fc.nat(FEW).map(objectOf)), (object) => {
      expect(base.entriesOf(0, object)).toEqual(numbers(FEW, object));
      expect(base.entriesOf(1, object)).toEqual(numbers(COUNT, object));
    }),
  );
});

test('damage is noticed where it is looked at, and nowhere else', () => {
  const bytes = readFileSync(path);
  onTestFinished(() => writeFileSync(path, bytes));
  const damaged = Buffer.from(bytes);
  // Of all texts that of the last value lies last in the pool.
  const last = damaged.lastIndexOf(texts[2 * COUNT - 1]);
  damaged[last] ^= 1;
  writeFileSync(path, damaged);
  const base = open();
  const sparse = base.sparse(1);
  expect(Buffer.compare(sparse.value(0), texts[1])).toBe(0);
  expect(() => sparse.value(COUNT - 1)).toThrow(DamagedFileError);
  expect(() => base.stream(1)).toThrow(DamagedFileError);
});
