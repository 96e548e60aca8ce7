import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
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
];
let identity: SectionFileIdentity;
let whole: Buffer;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'sections-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

function readAll(path: string): Buffer[] {
  const reader = new SectionReader(path, identity);
  try {
    return sections.map((_, i) => {
      const bytes = Buffer.alloc(reader.length(i));
      reader.read(i, bytes);
      return bytes;
    });
  } finally {
    reader.close();
  }
}

beforeAll(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'sections-'));
  identity = await writeSections(join(dir, 'x'), sections);
  whole = readFileSync(join(dir, 'x'));
  rmSync(dir, { recursive: true });
});

test('what was written is read, in any order', () => {
  const path = join(folder(), 'x');
  writeFileSync(path, whole);
  expect(identity.bytes).toBe(whole.length);
  expect(readAll(path)).toEqual(sections);
});

test('a file is never written over another', async () => {
  const path = join(folder(), 'x');
  writeFileSync(path, 'something');
  await expect(writeSections(path, sections)).rejects.toThrow('EEXIST');
  expect(readFileSync(path, 'utf8')).toBe('something');
});

test('a bit that changed anywhere is noticed, or stands in the padding', () => {
  const path = join(folder(), 'x');
  const bit = fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 7 }));
  fc.assert(
    fc.property(bit, ([at, place]) => {
      const bytes = Buffer.from(whole);
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << place), at);
      writeFileSync(path, bytes);
      const isPadding = at >= whole.length - 7;
      if (isPadding) expect(readAll(path)).toEqual(sections);
      else expect(() => readAll(path)).toThrow(DamagedFileError);
    }),
    { numRuns: 500 },
  );
});

test('a file that is cut off, longer, missing or another one is noticed', async () => {
  const path = join(folder(), 'x');
  for (const bytes of [
    whole.subarray(0, -1),
    whole.subarray(0, 40),
    Buffer.alloc(0),
    Buffer.concat([whole, whole]),
  ]) {
    writeFileSync(path, bytes);
    expect(() => readAll(path)).toThrow(DamagedFileError);
  }
  rmSync(path);
  expect(() => readAll(path)).toThrow(DamagedFileError);
  await writeSections(path, [Buffer.from('so'), Buffer.alloc(0), sections[2] ?? Buffer.alloc(0)]);
  expect(() => readAll(path)).toThrow(DamagedFileError);
});
