import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { digestOf } from '../../../src/tables/columns/digest.ts';
import {
  hasSum,
  sumAndDigest,
  summableBytes,
  TEXT_BLOCK,
  TextSum,
} from '../../../src/tables/dat/text-sum.ts';

const folder = mkdtempSync(join(tmpdir(), 'text-sum-'));
const path = join(folder, 'text');
afterAll(() => rmSync(folder, { recursive: true }));

/** The sum of a text that is given in blocks of these sizes, the last one being what is left. */
function sumOf(text: Uint8Array, sizes: readonly number[]): TextSum {
  const room = summableBytes(text.length + 1);
  room.set(text);
  const sum = new TextSum();
  let at = 0;
  for (const size of [...sizes, text.length]) {
    const end = Math.min(text.length, at + size);
    if (end > at) sum.add(room.subarray(at, end));
    at = end;
  }
  return sum;
}

function isIn(text: Uint8Array, sum: TextSum): boolean {
  writeFileSync(path, text);
  return hasSum(path, sum);
}

test('a file has the sum of its text, whatever the blocks, and no other file has', () => {
  const blocks = fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 8 });
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 700 });
  fc.assert(
    fc.property(bytes, blocks, fc.nat(), fc.integer({ min: 1, max: 255 }), (text, sizes, place, bits) => {
      const sum = sumOf(text, sizes);
      expect(isIn(text, sum)).toBe(true);
      const damaged = text.slice();
      damaged[place % text.length] ^= bits;
      expect(isIn(damaged, sum)).toBe(false);
      expect(isIn(text.subarray(0, -1), sum)).toBe(false);
      expect(isIn(Buffer.concat([text, Uint8Array.of(0)]), sum)).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test('pieces of a text that stand in one another’s places are noticed', () => {
  const [a, b] = [Buffer.alloc(64, 'a'), Buffer.alloc(64, 'b')];
  const sum = sumOf(Buffer.concat([a, b, a]), [64, 64]);
  expect(isIn(Buffer.concat([a, b, a]), sum)).toBe(true);
  expect(isIn(Buffer.concat([b, a, a]), sum)).toBe(false);
  expect(isIn(Buffer.concat([a, a, b]), sum)).toBe(false);
});

test.each([0, 1, TEXT_BLOCK - 1, TEXT_BLOCK, 2 * TEXT_BLOCK + 33])('a file of %i bytes', (size) => {
  const text = Buffer.alloc(size, 'key: value\n');
  writeFileSync(path, text);
  const sum = sumOf(text, [TEXT_BLOCK, TEXT_BLOCK]);
  expect(sumAndDigest(path)).toEqual({ sum: sum.value, digest: digestOf(text) });
});
