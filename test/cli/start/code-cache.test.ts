import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { CodeCache } from '../../../src/cli/start/code-cache.ts';

const folder = mkdtempSync(join(tmpdir(), 'mailhub-code-cache-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = join(folder, 'program.cjs.cache');
const source = Buffer.from('console.log(1)');
const data = Buffer.from(Array.from({ length: 500 }, (_, i) => (i * 7) & 0xff));

function write(): Buffer {
  new CodeCache(file, source).write(data);
  return readFileSync(file);
}

const read = (of = source) => new CodeCache(file, of).read();

test('what was written is read', () => {
  write();
  expect(read()).toEqual(data);
});

test('there is none where nobody wrote one', () => {
  expect(new CodeCache(join(folder, 'none.cache'), source).read()).toBeUndefined();
});

test('that of another source of the same length is not taken', () => {
  write();
  expect(read(Buffer.from('console.log(2)'))).toBeUndefined();
});

test.each(['arch', 'versions', 'config'] as const)('that of another %s of Node is not taken', (name) => {
  const own = Object.getOwnPropertyDescriptor(process, name) ?? {};
  const other = name === 'arch' ? 'pdp11' : { ...process[name], v8: 'another' };
  Object.defineProperty(process, name, { ...own, value: other });
  try {
    write();
  } finally {
    Object.defineProperty(process, name, own);
  }
  expect(read()).toBeUndefined();
  write();
  expect(read()).toEqual(data);
});

test('a damaged one is not taken, whichever bit it is', () => {
  const good = write();
  fc.assert(
    fc.property(fc.nat(good.length * 8 - 1), (bit) => {
      const bad = Buffer.from(good);
      bad[bit >> 3] ^= 1 << (bit & 7);
      writeFileSync(file, bad);
      expect(read()).toBeUndefined();
    }),
  );
});

test('one that was cut off is not taken, wherever', () => {
  const good = write();
  fc.assert(
    fc.property(fc.nat(good.length - 1), (length) => {
      writeFileSync(file, good.subarray(0, length));
      expect(read()).toBeUndefined();
    }),
  );
});
