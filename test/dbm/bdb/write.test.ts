import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DbmError, formats, openTable, type Pairs } from '../../../src/dbm/index.ts';
import { aliases, datOf, type Entry, hexLines, pairsOf, run, runs, scratchDirectory } from '../support.ts';
import { dbVerify, dumped, notFound } from './support.ts';

const directory = scratchDirectory();
let files = 0;

/** Writes a table and returns its path after libdb and our own reader have found the same entries in it. */
async function written(pairs: Pairs, terminated = true): Promise<string> {
  const path = join(directory, `table${files++}`);
  await formats.bdb.write(path, pairs, { terminated });
  dbVerify(path);
  const nul = terminated ? '00' : '';
  const expected = hexLines(pairs);
  const stored = expected.map((line) => `${line.replace(' ', `${nul} `)}${nul}`).sort();
  expect(dumped(path)).toEqual(stored);
  expect(notFound(path, stored)).toEqual([]);
  const file = openTable(path, { terminated });
  try {
    file.verify();
    file.readBack(pairs);
    expect(hexLines(file.pairs())).toEqual(expected);
    expect(file.statistics().entries).toBe(pairs.count);
  } finally {
    file.close();
  }
  return path;
}

function get(path: string, key: string): string | undefined {
  const file = openTable(path);
  try {
    const value = file.get(Buffer.from(key));
    return value === undefined ? undefined : Buffer.from(value).toString();
  } finally {
    file.close();
  }
}

describe('libdb finds what we wrote', () => {
  test.each([0, 1, 2, 3, 1000, 200_000])('%i entries', async (count) => {
    const entries = aliases(count);
    const path = await written(pairsOf(entries));
    for (const [key, value] of entries.slice(-3)) expect(get(path, `${key}`)).toBe(value);
    expect(get(path, 'nobody@example.ac.uk')).toBeUndefined();
  });

  test('keys of 1 and of 255 bytes', async () => {
    const short: Entry[] = Array.from({ length: 256 }, (_, i) => [Uint8Array.of(i), `${i}`]);
    const long: Entry[] = Array.from({ length: 300 }, (_, i) => [`${i}`.padStart(255, 'k'), `${i}`]);
    await written(pairsOf([...short, ...long]));
  });

  test('values from 0 to 99,999 bytes', async () => {
    const lengths = [0, 1, 1022, 1023, 1024, 1025, 4068, 4069, 4070, 4071, 8140, 8141, 99_999];
    const path = await written(pairsOf(lengths.map((length) => [`v${length}`, 'x'.repeat(length)])));
    expect(get(path, 'v99999')).toBe('x'.repeat(99_999));
  });

  test('keys up to the limit, which is named when one is longer', async () => {
    const { key: limit } = formats.bdb.limits;
    const entries = [limit - 1, limit - 2, 400].map((length): Entry => ['k'.repeat(length), `${length}`]);
    const path = await written(pairsOf(entries));
    expect(get(path, 'k'.repeat(limit - 1))).toBe(`${limit - 1}`);
    const over = formats.bdb.write(join(directory, 'over'), pairsOf([['k'.repeat(limit), '']]));
    await expect(over).rejects.toThrow(/over: entry "kkk.*1024 bytes of key \(limit 1024/);
    expect(existsSync(join(directory, 'over'))).toBe(false);
  });

  test.each([true, false])('keys that others begin with, terminated: %s', async (terminated) => {
    const keys = Array.from({ length: 200 }, (_, i) => [
      'a'.repeat(i + 1),
      `${'b'.repeat(i)}\0`,
      `b${'\0'.repeat(i)}`,
    ]);
    await written(pairsOf([...new Set(keys.flat())].map((key) => [key, `${key.length}`])), terminated);
  });

  test('keys that all fall into one bucket', async () => {
    const hash = (key: string) =>
      Buffer.from(`${key}\0`).reduce((h, byte) => Math.imul(h, 16777619) ^ byte, 0);
    const entries = aliases(400_000).filter(([key]) => (hash(`${key}`) & 255) === 77);
    expect(entries.length).toBeGreaterThan(1000);
    const path = await written(pairsOf(entries.toReversed()));
    for (const [key, value] of entries.slice(0, 50)) expect(get(path, `${key}`)).toBe(value);
  });

  test('without NULs', async () => {
    const path = await written(pairsOf(aliases(1000)), false);
    expect(get(path, 'anna.ng.0@example.ac.uk')).toBe('ann0@exchange.example.ac.uk');
  });

  test('random tables', async () => {
    const bytes = fc.oneof(
      { weight: 6, arbitrary: fc.uint8Array({ maxLength: 40 }) },
      { weight: 2, arbitrary: fc.uint8Array({ maxLength: 3 }) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.integer({ min: 900, max: 20_000 }), fc.nat(3))
          .map(([n, b]) => new Uint8Array(n).fill(b)),
      },
    );
    const key = bytes.filter(({ length }) => length < formats.bdb.limits.key);
    const table = fc.uniqueArray(fc.tuple(key, bytes), {
      selector: ([bytes]) => Buffer.from(bytes).toString('hex'),
      maxLength: 400,
      size: 'max',
    });
    await fc.assert(
      fc.asyncProperty(table, fc.boolean(), async (entries, terminated) => {
        rmSync(await written(pairsOf(entries), terminated));
      }),
      runs(60),
    );
  });
});

test('the same entries give the same bytes, in whatever order they come', async () => {
  const entries = [...aliases(5000), ['long', 'y'.repeat(50_000)] as const, ['k'.repeat(1000), 'z'] as const];
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
  const reversed = sorted.toReversed();
  const [first, ...others] = await Promise.all(
    [entries, sorted, reversed].map(async (order) => readFileSync(await written(pairsOf(order)))),
  );
  for (const other of others) expect(other.equals(first ?? Buffer.alloc(0))).toBe(true);
});

test('a changed value changes the file id, by which libdb tells files apart', async () => {
  const fileId = async (value: string) =>
    readFileSync(await written(pairsOf([['key', value]]))).subarray(52, 72);
  expect(await fileId('a')).not.toEqual(await fileId('b'));
});

test.each([300, 1500, 9_000, 40_000, 64_000, 75_000, 150_000])(
  'a file of %i entries is no larger than exim_dbmbuild’s, and few lookups read a second page',
  async (count) => {
    const entries = aliases(count);
    const dat = join(directory, 'size.dat');
    const theirs = join(directory, 'size');
    writeFileSync(dat, datOf(entries));
    rmSync(theirs, { force: true });
    run('exim_dbmbuild', [dat, theirs]);
    const ours = await written(pairsOf(entries));
    expect(statSync(ours).size).toBeLessThanOrEqual(statSync(theirs).size);
    const file = openTable(ours);
    expect(file.statistics().detail['bucket pages read per lookup']).toBeLessThanOrEqual(1.1);
    file.close();
  },
);

describe('a write that fails leaves nothing behind', () => {
  test('a repeated key', async () => {
    const path = join(directory, 'repeated');
    const pairs = pairsOf([...aliases(500), ['anna.ng.35@example.ac.uk', 'another']]);
    await expect(formats.bdb.write(path, pairs)).rejects.toThrow(
      /repeated: .*"anna\.ng\.35@example\.ac\.uk" .*twice/,
    );
    expect(existsSync(path)).toBe(false);
  });

  test('a path that is taken, which stays as it is', async () => {
    const path = join(directory, 'taken');
    writeFileSync(path, 'precious');
    await expect(formats.bdb.write(path, pairsOf([]))).rejects.toThrow(DbmError);
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  test('a directory that is not there', async () => {
    await expect(formats.bdb.write(join(directory, 'no', 'table'), pairsOf([]))).rejects.toThrow(/ENOENT/);
  });

  test('a disk that is full', async () => {
    const path = join(directory, 'full');
    mkdirSync(path);
    run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', path]);
    try {
      const table = join(path, 'table');
      await expect(formats.bdb.write(table, pairsOf(aliases(100_000)))).rejects.toThrow(
        /full.table: .*ENOSPC/,
      );
      expect(existsSync(table)).toBe(false);
    } finally {
      run('umount', [path]);
    }
  });
});

describe('readBack', () => {
  const entries = aliases(2000);
  const changed: [string, readonly Entry[], RegExp][] = [
    [
      'an entry more in the table',
      [...entries, ['extra@example.ac.uk', 'x']],
      /"extra@example.ac.uk" is missing/,
    ],
    ['an entry less in the table', entries.slice(1), /"anna.ng.0@example.ac.uk" is not in the table/],
    [
      'another value',
      [['anna.ng.0@example.ac.uk', 'ann1@exchange.example.ac.uk'], ...entries.slice(1)],
      /another value/,
    ],
    [
      'a longer value',
      [['anna.ng.0@example.ac.uk', 'ann0@exchange.example.ac.uk2'], ...entries.slice(1)],
      /another value/,
    ],
    ['nothing in the table', [], /is not in the table/],
  ];
  test.each(changed)('notices %s', async (_, other, message) => {
    const file = openTable(await written(pairsOf(entries)));
    expect(() => file.readBack(pairsOf(other))).toThrow(message);
    file.close();
  });
});
