import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { BLOCK, BlockSums } from '../../src/state/mirror/block-sums.ts';
import {
  DamagedFileError,
  type SectionFileIdentity,
  SectionReader,
  writeSections,
} from '../../src/state/mirror/section-file.ts';

const sections = [
  Buffer.from('some ids'),
  Buffer.alloc(0),
  Buffer.from(Array.from({ length: 1001 }, (_, i) => i)),
  Buffer.from(Array.from({ length: 2 * BLOCK + 5 }, (_, i) => i * i)),
  Buffer.from(Array.from({ length: BLOCK }, (_, i) => i * 3)),
];
const written = sections.map((bytes) => ({ bytes }));
let identity: SectionFileIdentity;
let file: Buffer;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'sections-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

const whole = (reader: SectionReader, section: number): Buffer => {
  const bytes = Buffer.alloc(reader.length(section));
  reader.read(section, bytes);
  return bytes;
};

const inBlocks = (reader: SectionReader, section: number): Buffer => {
  const blocks = Math.ceil(reader.length(section) / BLOCK);
  const bytes = Buffer.alloc(blocks * BLOCK);
  // The last first: they may be asked for in any order.
  for (let block = blocks - 1; block >= 0; block--) reader.readBlock(section, block, bytes, block * BLOCK);
  return bytes.subarray(0, reader.length(section));
};

function readAll(path: string, read = whole): Buffer[] {
  const reader = new SectionReader(path, identity);
  try {
    return sections.map((_, i) => read(reader, i));
  } finally {
    reader.close();
  }
}

beforeAll(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'sections-'));
  identity = await writeSections(join(dir, 'x'), written);
  file = readFileSync(join(dir, 'x'));
  rmSync(dir, { recursive: true });
});

test('what was written is read, in any order', () => {
  const path = join(folder(), 'x');
  writeFileSync(path, file);
  expect(identity.bytes).toBe(file.length);
  expect(readAll(path)).toEqual(sections);
  expect(readAll(path, inBlocks)).toEqual(sections);
});

test('what is not there is not read', () => {
  const path = join(folder(), 'x');
  writeFileSync(path, file);
  const reader = new SectionReader(path, identity);
  onTestFinished(() => reader.close());
  expect(() => reader.readBlock(1, 0, Buffer.alloc(BLOCK), 0)).toThrow(DamagedFileError);
  expect(() => reader.readBlock(3, 3, Buffer.alloc(BLOCK), 0)).toThrow(DamagedFileError);
  expect(() => reader.length(5)).toThrow(DamagedFileError);
});

test('a file is never written over another', async () => {
  const path = join(folder(), 'x');
  writeFileSync(path, 'something');
  await expect(writeSections(path, written)).rejects.toThrow('EEXIST');
  expect(readFileSync(path, 'utf8')).toBe('something');
});

/** Behind each section that does not fill its last 8 bytes. */
function isPadding(at: number): boolean {
  let end = file.length;
  for (const { length } of sections.toReversed()) {
    const padding = (8 - (length % 8)) % 8;
    if (at >= end - padding) return at < end;
    end -= length + padding;
  }
  return false;
}

test('a bit that changed anywhere is noticed, or stands in the padding', () => {
  const path = join(folder(), 'x');
  const bit = fc.tuple(fc.nat({ max: file.length - 1 }), fc.nat({ max: 7 }));
  fc.assert(
    fc.property(bit, ([at, place]) => {
      const bytes = Buffer.from(file);
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << place), at);
      writeFileSync(path, bytes);
      for (const read of [whole, inBlocks]) {
        if (isPadding(at)) expect(readAll(path, read)).toEqual(sections);
        else expect(() => readAll(path, read)).toThrow(DamagedFileError);
      }
    }),
    { numRuns: 500 },
  );
});

test('a file that is cut off, longer, missing or another one is noticed', async () => {
  const path = join(folder(), 'x');
  for (const bytes of [
    file.subarray(0, -1),
    file.subarray(0, 40),
    Buffer.alloc(0),
    Buffer.concat([file, file]),
  ]) {
    writeFileSync(path, bytes);
    expect(() => readAll(path)).toThrow(DamagedFileError);
  }
  rmSync(path);
  expect(() => readAll(path)).toThrow(DamagedFileError);
  await writeSections(path, [{ bytes: Buffer.from('so') }, { bytes: Buffer.alloc(0) }, written[2]]);
  expect(() => readAll(path)).toThrow(DamagedFileError);
});

test('bytes that were summed while they grew make the same file, however they grew', async () => {
  const path = join(folder(), 'x');
  // More blocks than are written at a time.
  const bytes = Buffer.alloc(700 * BLOCK + 1234);
  for (let i = 0; i + 4 <= bytes.length; i += 4) bytes.writeUInt32LE(Math.imul(i, 0x9e3779b1) >>> 0, i);
  await writeSections(path, [{ bytes }, ...written]);
  const plain = readFileSync(path);
  const steps = fc.array(fc.nat({ max: bytes.length }), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(steps, async (ends) => {
      const sums = new BlockSums();
      for (const end of ends.toSorted((a, b) => a - b)) sums.follow(bytes.subarray(0, end));
      rmSync(path);
      await writeSections(path, [{ bytes, sums }, ...written]);
      expect(readFileSync(path).equals(plain)).toBe(true);
    }),
    { numRuns: 30 },
  );
});
