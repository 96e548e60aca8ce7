import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { bdb } from '../../../src/dbm/bdb/bdb.ts';
import { aliases, type Entry, pairsOf, scratchDirectory } from '../support.ts';

/** A disk that does not keep what it is given: numbers of writes behind the copying, and the byte that each changes. */
const faulty = vi.hoisted(() => ({ write: -1, byte: 0, done: 0, copied: (_path: string): void => {} }));

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs')>();
  const writeSync = (file: number, bytes: Uint8Array, from: number, length: number, position: number) => {
    const kept = Uint8Array.from(bytes.subarray(from, from + length));
    if (faulty.done++ === faulty.write) kept[faulty.byte] ^= 1;
    return real.writeSync(file, kept, 0, length, position);
  };
  return { ...real, writeSync };
});

vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs/promises')>();
  const copyFile = async (from: string, to: string, mode?: number): Promise<void> => {
    await real.copyFile(from, to, mode);
    faulty.copied(to);
  };
  return { ...real, copyFile };
});

const directory = scratchDirectory();
const [old, patched] = ['old', 'patched'].map((name) => join(directory, name));
const change = { gone: pairsOf([]), come: pairsOf([['new', 'entry'] satisfies Entry]) };

afterEach(() => {
  Object.assign(faulty, { write: -1, byte: 0, done: 0, copied: () => {} });
  for (const path of [old, patched]) rmSync(path, { force: true });
});

test.each([
  ['meta page', 0, 60],
  ['page that changes', 1, 100],
])('another byte in the %s is noticed, and nothing stays', async (_, write, byte) => {
  await bdb.write(old, pairsOf(aliases(3000)));
  expect(await bdb.patch?.(patched, old, change)).toBe(true);
  rmSync(patched);
  Object.assign(faulty, { write, byte, done: 0 });
  await expect(bdb.patch?.(patched, old, change)).rejects.toThrow(/patched: .*other bytes than were written/);
  expect(existsSync(patched)).toBe(false);
});

test('so is another byte in a page of the copy that does not change', async () => {
  await bdb.write(old, pairsOf(aliases(3000)));
  faulty.copied = (path) => {
    const bytes = readFileSync(path);
    bytes[bytes.length - 5] ^= 1;
    writeFileSync(path, bytes);
  };
  expect(await bdb.prepare?.(patched, old)).toBeUndefined();
  expect(existsSync(patched)).toBe(false);
  expect(await bdb.patch?.(patched, old, change)).toBe(false);
  expect(existsSync(patched)).toBe(false);
});
