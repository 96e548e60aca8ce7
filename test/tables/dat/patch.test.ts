import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { digestOf } from '../../../src/tables/columns/digest.ts';
import { merge } from '../../../src/tables/columns/merge.ts';
import { type OldText, patchText } from '../../../src/tables/dat/patch.ts';
import { sumAndDigest } from '../../../src/tables/dat/text-sum.ts';
import { datBlocks } from '../../../src/tables/dat/write.ts';
import { pairsOf } from '../pairs.ts';

const folder = mkdtempSync(join(tmpdir(), 'dat-patch-'));
const path = join(folder, 'table.dat');
afterAll(() => rmSync(folder, { recursive: true }));

type Table = ReadonlyMap<string, string>;

function sorted(entries: Iterable<[string, string]>) {
  return merge([{ source: '', pairs: pairsOf(entries) }]).table;
}

function textOf(table: Table): Buffer {
  return Buffer.concat(Array.from(datBlocks(sorted(table)), (block) => Buffer.from(block)));
}

type Sides = [Iterable<[string, string]>, Iterable<[string, string]>];

/** What makes `after` of a file with `before`; undefined where that can't be. @param known what is known of the file */
function patched(before: Buffer, [gone, come]: Sides, known: Partial<OldText> = {}) {
  writeFileSync(path, before);
  const old = { digest: digestOf(before), ...known };
  const text = patchText(path, old, { gone: sorted(gone), come: sorted(come) });
  if (text === undefined) return undefined;
  try {
    const all = Buffer.concat(Array.from(text.blocks(), (block) => Buffer.from(block)));
    return { all, ...text.outcome() };
  } finally {
    text.close();
  }
}

function changeOf(before: Table, after: Table): [[string, string][], [string, string][]] {
  return [
    [...before].filter(([key, value]) => after.get(key) !== value),
    [...after].filter(([key, value]) => before.get(key) !== value),
  ];
}

/** Keys and values of every kind that has a line in a `.dat`: quoted ones, empty ones, and values of several lines. */
const key = fc.oneof(
  { weight: 5, arbitrary: fc.string({ unit: fc.constantFrom(...'abz.@-'), maxLength: 12 }) },
  fc.string({ unit: fc.constantFrom(...'a:" \\#\t\xe4\n'), maxLength: 8 }),
  fc.integer({ min: 200, max: 250 }).map((length) => 'k'.repeat(length)),
);
const value = fc.oneof(
  { weight: 8, arbitrary: fc.string({ unit: fc.constantFrom(...'ab@.:"'), maxLength: 30 }) },
  fc
    .integer({ min: 10, max: 900 })
    .map((words) => Array(words).fill('a-word-of-a-list@example.ac.uk').join(' ')),
);
const table = fc
  .array(fc.tuple(key, value), { maxLength: 300, size: 'max' })
  .map((entries) => new Map(entries));

test('whatever changes, a patched text is that of the table after', () => {
  const changes = fc.array(fc.tuple(fc.boolean(), key, fc.nat(), value), { maxLength: 40 });
  fc.assert(
    fc.property(table, changes, (before, list) => {
      const after = new Map(before);
      const keys = [...before.keys()];
      for (const [removes, fresh, place, text] of list) {
        const known = keys[place % Math.max(1, keys.length)] ?? fresh;
        if (removes) after.delete(known);
        else after.set(place % 2 === 0 ? known : fresh, text);
      }
      const [old, expected] = [textOf(before), textOf(after)];
      const result = patched(old, changeOf(before, after));
      expect(result?.all.equals(expected)).toBe(true);
      expect(result).toMatchObject({
        digest: digestOf(expected),
        bytes: expected.length,
        isOldAsKnown: true,
      });
    }),
    { numRuns: 300 },
  );
});

test('changes at both ends and throughout a text of several megabytes', () => {
  const name = (i: number): string => `person${String(i).padStart(7, '0')}@example.ac.uk`;
  const before = new Map(
    Array.from({ length: 60_000 }, (_, i) => [name(i * 2), `${'v'.repeat(i % 50)}${i}`]),
  );
  const after = new Map(before);
  for (let i = 0; i < 60_000; i += 997) {
    after.set(name(i * 2 + 1), 'new');
    after.set(name(i * 2), 'changed');
    after.delete(name(i * 2 + 4));
  }
  after.delete(name(0));
  after.set(name(200_000), 'last');
  after.set('a first one', 'first');
  expect(patched(textOf(before), changeOf(before, after))?.all.equals(textOf(after))).toBe(true);
});

test('a text without what goes, or with what comes, is not patched', () => {
  const text = textOf(new Map(Array.from({ length: 500 }, (_, i) => [`key${i}`, `value${i}`])));
  expect(patched(text, [[['key7', 'value7']], [['key7', 'other']]])).toBeDefined();
  expect(patched(text, [[['key7', 'value8']], []])).toBeUndefined();
  expect(patched(text, [[['nobody', 'value8']], []])).toBeUndefined();
  expect(patched(text, [[], [['key7', 'other']]])).toBeUndefined();
});

test('a text that is another one than it should be is noticed', () => {
  const text = textOf(new Map(Array.from({ length: 500 }, (_, i) => [`key${i}`, `value${i}`])));
  writeFileSync(path, text);
  const { sum } = sumAndDigest(path);
  const come: Sides = [[], [['new', 'entry']]];
  expect(patched(text, come, { sum, digest: 'not asked' })?.isOldAsKnown).toBe(true);
  const others = [{ digest: digestOf(Buffer.from('x')) }, { sum: sum ^ 1n }];
  for (const other of others) expect(patched(text, come, other)?.isOldAsKnown).toBe(false);
  const damaged = Buffer.from(text);
  damaged[text.length - 2] ^= 1;
  expect(patched(damaged, come, { sum })?.isOldAsKnown).toBe(false);
  expect(patched(text.subarray(0, -20), come, { sum })?.isOldAsKnown).toBe(false);
});

test('any file is read to its end, whatever it holds', () => {
  const anything = fc.string({ unit: fc.constantFrom(...'ab: \n"\\\0'), maxLength: 3000, size: 'max' });
  fc.assert(
    fc.property(anything, (content) => {
      const bytes = Buffer.from(content, 'latin1');
      const result = patched(bytes, [[], [['m', 'new']]]);
      if (result !== undefined) expect(result.isOldAsKnown).toBe(true);
    }),
  );
});
