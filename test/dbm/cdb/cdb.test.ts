import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DbmError, formats, openTable, type Pairs } from '../../../src/dbm/index.ts';
import {
  aliases,
  type Entry,
  eximLookup,
  hexLines,
  pairsOf,
  run,
  runs,
  scratchDirectory,
} from '../support.ts';

const directory = scratchDirectory();
let files = 0;

/** The form that `cdb -c` reads and `cdb -d` writes. */
function cdbmake(entries: readonly Entry[]): Buffer {
  const records = entries.map(([key, value]) => {
    const [k, v] = [Buffer.from(key), Buffer.from(value)];
    return Buffer.concat([
      Buffer.from(`+${k.length},${v.length}:`),
      k,
      Buffer.from('->'),
      v,
      Buffer.from('\n'),
    ]);
  });
  return Buffer.concat([...records, Buffer.from('\n')]);
}

/**
 * Writes a table and returns its path after our own reader has found the same in it, and `cdb -c` has made the very same file
 * of its records.
 */
async function written(entries: readonly Entry[]): Promise<string> {
  const path = join(directory, `table${files++}.cdb`);
  const pairs = pairsOf(entries);
  await formats.cdb.write(path, pairs, { readBack: true });
  const theirs = `${path}.cdb-c`;
  run('cdb', ['-c', theirs], run('cdb', ['-d', path]));
  expect(readFileSync(path).equals(readFileSync(theirs))).toBe(true);
  rmSync(theirs);
  readsWhole(path, pairs);
  return path;
}

function readsWhole(path: string, pairs: Pairs): void {
  const file = openTable(path);
  try {
    expect(file.format).toBe('cdb');
    file.verify();
    file.readBack(pairs);
    expect(hexLines(file.pairs())).toEqual(hexLines(pairs));
    expect(file.statistics().entries).toBe(pairs.count);
    for (let i = 0; i < Math.min(pairs.count, 300); i++) {
      const key = pairs.pool.subarray(pairs.keyStart[i], pairs.keyEnd[i]);
      expect(file.get(key)).toEqual(pairs.pool.subarray(pairs.valueStart[i], pairs.valueEnd[i]));
    }
    expect(file.get(Buffer.from('nobody@example.ac.uk'))).toBeUndefined();
  } finally {
    file.close();
  }
}

describe('the same bytes as cdb -c makes of the same records', () => {
  test.each([0, 1, 2, 3, 1000, 100_000])('%i entries', async (count) => {
    await written(aliases(count));
  });

  test('long keys and values', async () => {
    const lengths = [0, 1, 191, 192, 193, 255, 99_999, 1 << 20, (1 << 20) + 5];
    await written(lengths.map((length) => ['k'.repeat(length), 'v'.repeat(length)]));
  });

  test('random tables', async () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 30 }), fc.uint8Array({ maxLength: 2 }));
    const table = fc.uniqueArray(fc.tuple(bytes, bytes), {
      selector: ([key]) => Buffer.from(key).toString('hex'),
      maxLength: 500,
      size: 'max',
    });
    await fc.assert(
      fc.asyncProperty(table, async (entries) => rmSync(await written(entries))),
      runs(50),
    );
  });
});

test('NULs behind keys and values, when asked for', async () => {
  const path = join(directory, 'terminated.cdb');
  await formats.cdb.write(path, pairsOf(aliases(100)), { terminated: true });
  expect(
    run('cdb', ['-d', path]).includes('bo.smith.1@example.ac.uk\0->bo.1@exchange.example.ac.uk\0\n'),
  ).toBe(true);
  const file = openTable(path, { terminated: true });
  file.readBack(pairsOf(aliases(100)));
  expect(Buffer.from(file.get(Buffer.from('bo.smith.1@example.ac.uk')) ?? '').toString()).toBe(
    'bo.1@exchange.example.ac.uk',
  );
  file.close();
});

test('the same entries give the same bytes, in whatever order they come', async () => {
  const entries = aliases(3000);
  const [a, b] = [await written(entries), await written(entries.toReversed())];
  expect(readFileSync(a).equals(readFileSync(b))).toBe(true);
});

describe('files that others made', () => {
  test('cdb -c, unsorted', () => {
    const path = join(directory, 'unsorted.cdb');
    run('cdb', ['-c', path], cdbmake(aliases(5000)));
    readsWhole(path, pairsOf(aliases(5000)));
  });

  test('several values for a key', () => {
    const path = join(directory, 'several.cdb');
    run(
      'cdb',
      ['-c', path],
      cdbmake([
        ['a', '1'],
        ['b', '1'],
        ['a', '2'],
      ]),
    );
    const file = openTable(path);
    expect(() => file.pairs()).toThrow(/several values for the key "a"/);
    expect(() => file.verify()).toThrow(/several values for the key "a"/);
    file.close();
  });

  test('a hash table that is filled in another order than records come', () => {
    const path = join(directory, 'swapped.cdb');
    const hash = (key: string) => Buffer.from(key).reduce((h, byte) => (Math.imul(h, 33) ^ byte) >>> 0, 5381);
    const keys = Array.from({ length: 200_000 }, (_, i) => `k${i}`);
    const slot = (key: string) => `${hash(key) & 255} ${(hash(key) >>> 8) % 4}`;
    const [first = '', second = ''] = keys.filter((key) => slot(key) === slot('k0')).slice(0, 2);
    run(
      'cdb',
      ['-c', path],
      cdbmake([
        [first, '1'],
        [second, '2'],
      ]),
    );
    const bytes = readFileSync(path);
    const tables = bytes.length - 32;
    const full = [0, 8, 16, 24]
      .filter((at) => bytes.readUInt32LE(tables + at + 4) !== 0)
      .map((at) => tables + at);
    const [one = 0, other = 0] = full;
    const moved = Buffer.from(bytes.subarray(one, one + 8));
    bytes.copy(bytes, one, other, other + 8);
    moved.copy(bytes, other);
    writeFileSync(path, bytes);
    expect(run('cdb', ['-q', path, second]).toString()).toBe('2');
    readsWhole(
      path,
      pairsOf([
        [first, '1'],
        [second, '2'],
      ]),
    );
  });
});

test('Exim’s cdb lookup finds every key', async () => {
  const config = join(directory, 'exim.conf');
  writeFileSync(config, '');
  const entries = aliases(1000).filter(([key]) => !`${key}`.includes("'"));
  const path = await written(entries);
  const answers = eximLookup(
    'cdb',
    path,
    [...entries.map(([key]) => `${key}`), 'nobody@example.ac.uk'],
    config,
  );
  expect(answers).toEqual([...entries.map(([, value]) => value), undefined]);
});

describe('a write that fails leaves nothing behind', () => {
  const path = join(directory, 'failed.cdb');

  test('a repeated key', async () => {
    const pairs = pairsOf([...aliases(500), ['anna.ng.35@example.ac.uk', 'another']]);
    await expect(formats.cdb.write(path, pairs)).rejects.toThrow(
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
    await expect(formats.cdb.write(path, pairs)).rejects.toThrow(
      /needs 4\d+ bytes; a cdb file has at most 4294967295/,
    );
    expect(existsSync(path)).toBe(false);
  });
});

describe('damage', () => {
  const entries = aliases(60);
  const pairs = pairsOf(entries);
  const path = join(directory, 'damaged.cdb');

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
    const file = attempt(() => formats.cdb.open(path));
    if (file === undefined) return false;
    try {
      attempt(() => file.pairs());
      attempt(() => file.statistics());
      for (const [key] of entries.slice(0, 5)) attempt(() => file.get(Buffer.from(key)));
      const passes = (check: () => void) => attempt(() => check() ?? true) ?? false;
      const verified = passes(() => file.verify());
      const readBack = passes(() => file.readBack(pairs));
      // Whatever else is damaged: read back well means that every lookup finds its value.
      for (const [key, value] of readBack ? entries : []) {
        expect(Buffer.from(file.get(Buffer.from(key)) ?? '').toString()).toBe(value);
      }
      return readBack && verified;
    } finally {
      file.close();
    }
  }

  test('what passes our checks is read by cdb as it was', async () => {
    const original = readFileSync(await written(entries));
    const change = fc.record({ at: fc.nat(original.length - 1), value: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const bytes = Buffer.from(original);
        for (const { at, value } of changes) bytes[at] = value;
        if (!survives(bytes)) return;
        for (const [key, value] of entries) expect(run('cdb', ['-q', path, `${key}`]).toString()).toBe(value);
      }),
      runs(300),
    );
  });

  test('truncated anywhere, and random bytes', async () => {
    const original = readFileSync(await written(entries));
    fc.assert(
      fc.property(fc.nat(original.length - 1), (length) => {
        expect(survives(original.subarray(0, length))).toBe(false);
      }),
      runs(300),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000, size: 'max' }), fc.nat(5000), (noise, at) => {
        const bytes = Buffer.from(original);
        bytes.set(noise.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length));
        survives(bytes);
      }),
      runs(500),
    );
  });
});
