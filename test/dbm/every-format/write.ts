import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aliases, type Entry, pairsOf, runs } from '../support.ts';
import { readsWhole } from './reads-whole.ts';
import { storedLines, type TestedFormat } from './tested-format.ts';

/** Writes a table, and gives its path after the format's own library and our reader have found the same entries in it. */
export type Writer = (entries: readonly Entry[], terminated?: boolean) => Promise<string>;

export function writerOf(tested: TestedFormat, directory: string): Writer {
  let files = 0;
  return async (entries, terminated = tested.terminated) => {
    const path = join(directory, `table${files++}`);
    await tested.format.write(path, pairsOf(entries), { terminated, readBack: true });
    tested.finds({ path, entries, terminated, stored: storedLines(entries, terminated) });
    readsWhole(path, tested.format.name, entries, terminated);
    return path;
  };
}

/** Tests that the format's own library finds in our files what was written, and that the same entries give the same bytes. */
export function testWriting(
  { format, reader, counts, lengths, terminated }: TestedFormat,
  written: Writer,
): void {
  /** As long as a key may be, in a file with NULs too. */
  const longest = format.limits.key - 1;

  describe(`${reader} finds what we wrote`, () => {
    test.each(counts)('%i entries', async (count) => {
      const entries = aliases(count);
      const path = await written(entries);
      readsWhole(path, format.name, entries);
    });

    test(`values, and keys where they may be as long, of ${lengths[0]} to ${lengths.at(-1)} bytes`, async () => {
      const asLong = lengths.every((length) => length <= longest);
      await written(
        lengths.map((length) => [asLong ? 'k'.repeat(length) : `v${length}`, 'x'.repeat(length)]),
      );
    });

    test('short keys, and keys of 255 bytes', async () => {
      const short: Entry[] = Array.from({ length: 256 }, (_, i) => [Uint8Array.of(i), `${i}`]);
      const long: Entry[] = Array.from({ length: 300 }, (_, i) => [`${i}`.padStart(255, 'k'), `${i}`]);
      await written([...short, ...long]);
    });

    test.each([true, false])(
      'keys that others begin with, and NUL bytes, terminated: %s',
      async (terminated) => {
        const keys = Array.from({ length: 200 }, (_, i) => [
          'a'.repeat(i + 1),
          `${'b'.repeat(i)}\0`,
          `b${'\0'.repeat(i)}`,
        ]);
        await written(
          [...new Set(keys.flat())].map((key) => [key, `${key.length}`]),
          terminated,
        );
      },
    );

    test('with NULs and without, which files for the dbm lookup tell by themselves', async () => {
      const entries: Entry[] = [...aliases(1000), ['long', 'x'.repeat(4079)]];
      for (const stored of [true, false]) {
        const path = await written(entries, stored);
        if (terminated) readsWhole(path, format.name, entries);
      }
    });

    test('random tables', async () => {
      const bytes = fc.oneof(
        { weight: 6, arbitrary: fc.uint8Array({ maxLength: 40 }) },
        { weight: 2, arbitrary: fc.uint8Array({ maxLength: 3 }) },
        {
          weight: 1,
          arbitrary: fc
            .tuple(fc.integer({ min: 300, max: 20_000 }), fc.nat(3))
            .map(([n, b]) => new Uint8Array(n).fill(b)),
        },
      );
      const takesEmpty = format.name !== 'lmdb';
      const key = bytes.filter(({ length }) => length <= longest && (takesEmpty || length > 0));
      const table = fc.uniqueArray(fc.tuple(key, bytes), {
        selector: ([bytes]) => Buffer.from(bytes).toString('hex'),
        maxLength: 600,
        size: 'max',
      });
      await fc.assert(
        fc.asyncProperty(table, fc.boolean(), async (entries, terminated) => {
          rmSync(await written(entries, terminated));
        }),
        runs(60),
      );
    });
  });

  test('the same entries give the same bytes, in whatever order they come', async () => {
    const long = 'k+'.repeat(Math.min(longest, 1000) / 2);
    const entries: Entry[] = [...aliases(5000), ['long', 'y'.repeat(50_000)], [long, 'z']];
    const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
    const orders = [entries, sorted, sorted.toReversed()];
    const [first, ...others] = await Promise.all(
      orders.map(async (order) => readFileSync(await written(order))),
    );
    for (const other of others) expect(other.equals(first ?? Buffer.alloc(0))).toBe(true);
  });
}
