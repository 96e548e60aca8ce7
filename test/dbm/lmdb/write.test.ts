import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DbmError, formats, openTable, type Pairs } from '../../../src/dbm/index.ts';
import { aliases, type Entry, hexLines, pairsOf, run, scratchDirectory } from '../support.ts';
import { compileClient, dumped, loadedWith, notFound, stat } from './support.ts';

const directory = scratchDirectory();
const client = compileClient(directory);
let files = 0;

/** Writes a table and returns its path after liblmdb and our own reader have found the same entries in it. */
async function written(pairs: Pairs, terminated?: boolean): Promise<string> {
  const path = join(directory, `table${files++}`);
  await formats.lmdb.write(path, pairs, { terminated });
  const nul = terminated === true ? '00' : '';
  const expected = hexLines(pairs);
  const stored = expected.map((line) => `${line.replace(' ', `${nul} `)}${nul}`).sort();
  expect(dumped(path)).toEqual(stored);
  expect(notFound(client, path, stored)).toEqual([]);
  const file = openTable(path, { terminated });
  try {
    file.verify();
    file.readBack(pairs);
    expect(hexLines(file.pairs())).toEqual(expected);
    const { entries, detail } = file.statistics();
    expect(entries).toBe(pairs.count);
    const theirs = stat(path);
    expect(theirs).toMatchObject({
      Entries: pairs.count,
      'Tree depth': detail['tree depth'],
      'Branch pages': detail['branch pages'],
      'Leaf pages': detail['leaf pages'],
      'Overflow pages': detail['overflow pages'],
      'Number of pages used': detail['pages used'],
      'Map size': detail['map size'],
      'Page size': 4096,
      'Last transaction ID': 1,
    });
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

describe('liblmdb finds what we wrote', () => {
  test.each([0, 1, 2, 3, 1000, 200_000])('%i entries', async (count) => {
    const entries = aliases(count);
    const path = await written(pairsOf(entries));
    for (const [key, value] of entries.slice(-300)) expect(get(path, `${key}`)).toBe(value);
    expect(get(path, 'nobody@example.ac.uk')).toBeUndefined();
    expect(get(path, '')).toBeUndefined();
    expect(get(path, 'zzz')).toBeUndefined();
  });

  test('mdb_load makes a file with the same dump of the same entries', async () => {
    const entries = aliases(20_000);
    const theirs = join(directory, 'loaded');
    loadedWith(theirs, entries);
    expect(dumped(await written(pairsOf(entries)))).toEqual(dumped(theirs));
  });

  test('keys from 1 to 511 bytes, so that branch pages have few of them', async () => {
    const short: Entry[] = Array.from({ length: 256 }, (_, i) => [Uint8Array.of(i), `${i}`]);
    const long: Entry[] = Array.from({ length: 3000 }, (_, i) => [`${i}`.padStart(511, 'k'), `${i}`]);
    await written(pairsOf([...short, ...long]));
  });

  /** Seven keys of 511 bytes fill a branch page: every number of children of the last page comes up. */
  test('any number of pages on a level', async () => {
    for (let count = 1; count < 130; count++) {
      const entries: Entry[] = Array.from({ length: count }, (_, i) => [
        `${i}`.padStart(511, 'k'),
        'v'.repeat(1500),
      ]);
      await written(pairsOf(entries));
    }
  }, 60_000);

  test('values around every limit of a page', async () => {
    const sizes = [
      0, 1, 2, 3, 2028, 2029, 2030, 2031, 2032, 4079, 4080, 4081, 8175, 8176, 8177, 99_999, 3_000_000,
    ];
    const path = await written(pairsOf(sizes.map((size) => [`v${size}`, 'x'.repeat(size)])));
    for (const size of sizes) expect(get(path, `v${size}`)?.length).toBe(size);
  });

  test('pages that are filled to the last byte', async () => {
    const entries: Entry[] = Array.from({ length: 24 }, (_, i) => [
      `k${String.fromCharCode(97 + i)}`,
      'v'.repeat(2028),
    ]);
    const path = await written(pairsOf(entries));
    const file = openTable(path);
    expect(file.statistics().detail['bytes free on leaf pages']).toBe(0);
    file.close();
  });

  test('keys that others begin with, and NUL bytes', async () => {
    const keys = Array.from({ length: 200 }, (_, i) => [
      'a'.repeat(i + 1),
      `${'b'.repeat(i)}\0`,
      `b${'\0'.repeat(i)}`,
    ]);
    const entries: Entry[] = [...new Set(keys.flat())].map((key) => [key, `${key.length}`]);
    await written(pairsOf(entries));
    await written(pairsOf(entries), true);
  });

  test('with NULs, where somebody asks for them', async () => {
    const entries: Entry[] = [...aliases(1000), ['', ''], ['long', 'x'.repeat(4079)]];
    const path = await written(pairsOf(entries), true);
    const file = openTable(path, { terminated: true });
    expect(file.get(Buffer.from('long'))?.length).toBe(4079);
    file.close();
    const plain = openTable(await written(pairsOf(aliases(10))), { terminated: true });
    expect(() => plain.pairs()).toThrow(/lacks its NUL/);
    plain.close();
  });

  test('random tables', async () => {
    const bytes = fc.oneof(
      { weight: 6, arbitrary: fc.uint8Array({ maxLength: 40 }) },
      { weight: 2, arbitrary: fc.uint8Array({ maxLength: 3 }) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.integer({ min: 300, max: 10_000 }), fc.nat(3))
          .map(([n, b]) => new Uint8Array(n).fill(b)),
      },
    );
    const key = bytes.filter(({ length }) => length > 0 && length < formats.lmdb.limits.key);
    const table = fc.uniqueArray(fc.tuple(key, bytes), {
      selector: ([bytes]) => Buffer.from(bytes).toString('hex'),
      maxLength: 400,
      size: 'max',
    });
    await fc.assert(
      fc.asyncProperty(table, fc.boolean(), async (entries, terminated) => {
        rmSync(await written(pairsOf(entries), terminated));
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

test('the same entries give the same bytes, in whatever order they come', async () => {
  const entries = [...aliases(5000), ['long', 'y'.repeat(50_000)] as const, ['k'.repeat(500), 'z'] as const];
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
  const orders = [entries, sorted, sorted.toReversed()];
  const [first, ...others] = await Promise.all(
    orders.map(async (order) => readFileSync(await written(pairsOf(order)))),
  );
  for (const other of others) expect(other.equals(first ?? Buffer.alloc(0))).toBe(true);
});

test('both meta pages name the whole table, whatever transaction an old lock file tells a reader to look for', async () => {
  const bytes = readFileSync(await written(pairsOf(aliases(1000))));
  const tree = (page: number) => bytes.subarray(4096 * page + 16, 4096 * page + 144);
  expect(tree(0).equals(tree(1))).toBe(true);
  expect([0, 1].map((page) => bytes.readBigUInt64LE(4096 * page + 144))).toEqual([0n, 1n]);
});

describe('a write that fails leaves nothing behind', () => {
  const cases: [string, readonly Entry[], RegExp][] = [
    [
      'a repeated key',
      [...aliases(500), ['anna.ng.35@example.ac.uk', 'x']],
      /"anna\.ng\.35@example\.ac\.uk" .*twice/,
    ],
    ['a long key', [...aliases(5), ['k'.repeat(512), 'x']], /"kkk.*512 bytes of key \(limit 511/],
    ['an empty key', [...aliases(5), ['', 'x']], /empty key/],
  ];
  test.each(cases)('%s', async (_, entries, message) => {
    const path = join(directory, 'refused');
    await expect(formats.lmdb.write(path, pairsOf(entries))).rejects.toThrow(message);
    await expect(formats.lmdb.write(path, pairsOf(entries))).rejects.toThrow(DbmError);
    expect(existsSync(path)).toBe(false);
  });

  test('a path that is taken, which stays as it is', async () => {
    const path = join(directory, 'taken');
    writeFileSync(path, 'precious');
    await expect(formats.lmdb.write(path, pairsOf([]))).rejects.toThrow(DbmError);
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  test('a disk that is full', async () => {
    const path = join(directory, 'full');
    mkdirSync(path);
    run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', path]);
    try {
      const table = join(path, 'table');
      await expect(formats.lmdb.write(table, pairsOf(aliases(100_000)))).rejects.toThrow(
        /full.table: .*ENOSPC/,
      );
      expect(existsSync(table)).toBe(false);
    } finally {
      run('umount', [path]);
    }
  });
});

describe('readBack', () => {
  const entries: Entry[] = [...aliases(2000), ['long', 'x'.repeat(5000)]];
  const changed: [string, readonly Entry[], RegExp][] = [
    ['an entry more in the table', [...entries, ['extra', 'x']], /"extra" is missing/],
    ['one more at the end', [...entries, ['zzz', 'x']], /"zzz" is missing/],
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
    [
      'another long value',
      [...entries.slice(0, -1), ['long', `${'x'.repeat(4999)}y`]],
      /"long" has another value/,
    ],
    ['nothing in the table', [], /is not in the table/],
  ];
  test.each(changed)('notices %s', async (_, other, message) => {
    const file = openTable(await written(pairsOf(entries)));
    expect(() => file.readBack(pairsOf(other))).toThrow(message);
    file.close();
  });
});
