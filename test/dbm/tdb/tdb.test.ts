import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DbmError, formats, openTable, type Pairs } from '../../../src/dbm/index.ts';
import { aliases, hexLines, pairsOf, run, runs, scratchDirectory } from '../support.ts';

const directory = scratchDirectory();
let files = 0;

/** What tdbdump shows, as `hexLines` would: stored bytes, trailing NULs and all. */
function dumped(path: string): string[] {
  const text = run('tdbdump', [path]).toString('latin1');
  const hex = (escaped: string) =>
    Buffer.from(
      escaped.replace(/\\([0-9A-F]{2})/g, (_, byte) => String.fromCharCode(Number.parseInt(byte, 16))),
      'latin1',
    ).toString('hex');
  return [...text.matchAll(/^\{\nkey\(\d+\) = "(.*)"\ndata\(\d+\) = "(.*)"\n\}$/gm)]
    .map(([, key = '', value = '']) => `${hex(key)} ${hex(value)}`)
    .sort();
}

/** Runs a script on `db`, the file opened by Samba's own library; `input`, as `dumped` gives it, becomes `pairs`. */
function python(path: string, script: string, input: readonly string[], flags = 'tdb.DEFAULT'): string {
  const program = `
import tdb, os, sys
pairs = [tuple(map(bytes.fromhex, line.rstrip('\\n').split(' '))) for line in sys.stdin]
db = tdb.Tdb(sys.argv[1], 0, ${flags}, os.O_RDWR | os.O_CREAT, 0o644)
${script}`;
  return run('/usr/bin/python3', ['-c', program, path], input.map((line) => `${line}\n`).join('')).toString();
}

function stored(pairs: Pairs, terminated: boolean): string[] {
  const nul = terminated ? '00' : '';
  return hexLines(pairs)
    .map((line) => `${line.replace(' ', `${nul} `)}${nul}`)
    .sort();
}

/** The keys that tdb's own lookup does not find with the value they have in `lines`, which are as `dumped` gives them. */
function notFound(path: string, lines: readonly string[]): string {
  return python(path, 'for k, v in pairs:\n  if db.get(k) != v: print(k)', lines);
}

/** @throws when tdb finds a fault */
function tdbCheck(path: string): void {
  expect(run('tdbtool', [path, 'check']).toString()).toMatch(/Database integrity is OK/);
}

/** Everything our reader does with a file gives `pairs`. */
function readsWhole(path: string, pairs: Pairs, terminated: boolean | undefined): void {
  const file = openTable(path, { terminated });
  try {
    expect(file.format).toBe('tdb');
    file.verify();
    file.readBack(pairs);
    expect(hexLines(file.pairs())).toEqual(hexLines(pairs));
    expect(file.statistics().entries).toBe(pairs.count);
    for (let i = 0; i < Math.min(pairs.count, 200); i++) {
      const key = pairs.pool.subarray(pairs.keyStart[i], pairs.keyEnd[i]);
      expect(file.get(key)).toEqual(pairs.pool.slice(pairs.valueStart[i], pairs.valueEnd[i]));
    }
    expect(file.get(Buffer.from('nobody@example.ac.uk'))).toBeUndefined();
  } finally {
    file.close();
  }
}

/** Writes a table and returns its path after tdb and our own reader have found the same in it. */
async function written(pairs: Pairs, terminated = true): Promise<string> {
  const path = join(directory, `table${files++}`);
  await formats.tdb.write(path, pairs, { terminated });
  tdbCheck(path);
  expect(dumped(path)).toEqual(stored(pairs, terminated));
  expect(notFound(path, stored(pairs, terminated))).toBe('');
  readsWhole(path, pairs, terminated);
  return path;
}

describe('tdb finds what we wrote', () => {
  test.each([0, 1, 2, 3, 130, 131, 132, 1000, 100_000])('%i entries', async (count) => {
    await written(pairsOf(aliases(count)));
  });

  test('long keys and values', async () => {
    const lengths = [1, 2, 3, 4, 5, 255, 5000, 99_999, (1 << 20) + 5];
    await written(pairsOf(lengths.map((length) => ['k'.repeat(length), 'v'.repeat(length)])));
  });

  test.each([true, false])('random tables, terminated: %s', async (terminated) => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 30 }), fc.uint8Array({ maxLength: 2 }));
    const table = fc.uniqueArray(fc.tuple(bytes, bytes), {
      selector: ([key]) => Buffer.from(key).toString('hex'),
      maxLength: 600,
      size: 'max',
    });
    await fc.assert(
      fc.asyncProperty(table, async (entries) => rmSync(await written(pairsOf(entries), terminated))),
      runs(20),
    );
  });
});

test('tdb goes on writing to a file of ours', async () => {
  const path = await written(pairsOf(aliases(3000)));
  const all = pairsOf(aliases(6000));
  python(path, 'for k, v in pairs: db.store(k, v)', stored(all, true));
  tdbCheck(path);
  expect(dumped(path)).toEqual(stored(all, true));
  readsWhole(path, all, undefined);
});

test('the same entries give the same bytes, in whatever order they come', async () => {
  const entries = aliases(5000);
  const [a, b] = [await written(pairsOf(entries)), await written(pairsOf(entries.toReversed()))];
  expect(readFileSync(a).equals(readFileSync(b))).toBe(true);
});

describe('files that tdb made', () => {
  const script = `
for k, v in pairs: db.store(k, v)
for i in range(20): db.store(b'long%d' % i, b'y' * 9000)
for k, v in pairs[1000:]: db.delete(k)
for i in range(20): db.delete(b'long%d' % i)
db.transaction_start()
db.store(pairs[0][0], pairs[0][1])
db.transaction_commit()`;

  test.each(['tdb.DEFAULT', 'tdb.CONVERT'])('%s, also after deletions and a transaction', (flags) => {
    for (const terminated of [true, false]) {
      const path = join(directory, `theirs${files++}`);
      const lines = stored(pairsOf(aliases(5000)), terminated);
      python(path, script, lines, flags);
      const kept = new Set(lines.slice(0, 1000));
      const entries = aliases(5000).filter(([key, value]) =>
        kept.has(stored(pairsOf([[key, value]]), terminated)[0] ?? ''),
      );
      expect(entries.length).toBe(1000);
      readsWhole(path, pairsOf(entries), undefined);
    }
  });

  test('another hash function is refused by name', () => {
    const path = join(directory, `theirs${files++}`);
    python(path, '', [], 'tdb.INCOMPATIBLE_HASH');
    expect(() => openTable(path)).toThrow(/made with another hash function/);
  });
});

describe('a write that fails leaves nothing behind', () => {
  const path = join(directory, 'failed');

  test('a repeated key', async () => {
    const pairs = pairsOf([...aliases(500), ['anna.ng.35@example.ac.uk', 'another']]);
    await expect(formats.tdb.write(path, pairs)).rejects.toThrow(
      /"anna\.ng\.35@example\.ac\.uk" is there twice/,
    );
    expect(existsSync(path)).toBe(false);
  });

  test('more than 4 GiB, said before anything is written', async () => {
    const shared = new Uint8Array(1 << 20);
    const count = 4100;
    const columns = () => new Uint32Array(count);
    const pairs = {
      count,
      pool: shared,
      keyStart: columns(),
      keyEnd: columns(),
      valueStart: columns(),
      valueEnd: columns(),
    };
    for (let i = 0; i < count; i++) {
      new DataView(shared.buffer).setUint32(4 * i, i);
      pairs.keyStart[i] = 4 * i;
      pairs.keyEnd[i] = 4 * i + 4;
      pairs.valueEnd[i] = shared.length;
    }
    await expect(formats.tdb.write(path, pairs)).rejects.toThrow(
      /needs 4\d+ bytes; a tdb file has at most 4294967295/,
    );
    expect(existsSync(path)).toBe(false);
  });
});

describe('damage', () => {
  const entries = aliases(100);
  const pairs = pairsOf(entries);
  const path = join(directory, 'damaged');

  /** Does with a file all that can be done; only our own errors may come of it. True when it passes as undamaged. */
  function survives(bytes: Uint8Array): boolean {
    writeFileSync(path, bytes);
    const attempt = <T>(action: () => T): T | undefined => {
      try {
        return action();
      } catch (error) {
        if (error instanceof DbmError && error.message.startsWith(path)) return undefined;
        throw error;
      }
    };
    const file = attempt(() => formats.tdb.open(path));
    if (file === undefined) return false;
    try {
      attempt(() => file.pairs());
      attempt(() => file.statistics());
      for (const [key] of entries.slice(0, 20)) attempt(() => file.get(Buffer.from(key)));
      const passes = (check: () => void) => attempt(() => check() ?? true) ?? false;
      const verified = passes(() => file.verify());
      return passes(() => file.readBack(pairs)) && verified;
    } finally {
      file.close();
    }
  }

  test('what passes our checks is read by tdb as it was', async () => {
    const original = readFileSync(await written(pairs));
    const expected = stored(pairs, true);
    const change = fc.record({ at: fc.oneof(fc.nat(800), fc.nat(original.length - 1)), value: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const bytes = Buffer.from(original);
        for (const { at, value } of changes) bytes[at] = value;
        if (!survives(bytes)) return;
        tdbCheck(path);
        expect(dumped(path)).toEqual(expected);
      }),
      runs(500),
    );
  });

  test('a chain that leads back to itself', async () => {
    const bytes = readFileSync(await written(pairs));
    for (let chain = 0; chain < 131; chain++) {
      const record = bytes.readUInt32LE(172 + 4 * chain);
      if (record > 0) bytes.writeUInt32LE(record, record);
    }
    expect(survives(bytes)).toBe(false);
    const file = openTable(path);
    const unknown = Array.from({ length: 200 }, (_, i) => Buffer.from(`unknown${i}`));
    expect(() => unknown.map((key) => file.get(key))).toThrow(/leads back to itself/);
    file.close();
  });

  test('truncated anywhere, and random bytes', async () => {
    const original = readFileSync(await written(pairs));
    fc.assert(
      fc.property(fc.nat(original.length - 1), (length) => {
        expect(survives(original.subarray(0, length))).toBe(false);
      }),
      runs(300),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000, size: 'max' }), fc.nat(8000), (noise, at) => {
        const bytes = Buffer.from(original);
        bytes.set(noise.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length));
        survives(bytes);
      }),
      runs(500),
    );
  });
});
