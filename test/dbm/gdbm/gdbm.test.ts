import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DbmError, formats, openTable, type Pairs } from '../../../src/dbm/index.ts';
import { aliases, type Entry, hexLines, pairsOf, run, runs, scratchDirectory } from '../support.ts';

const directory = scratchDirectory();
let files = 0;

/** What gdbm_dump shows, as `hexLines` would: stored bytes, trailing NULs and all. */
function dumped(path: string): string[] {
  const text = run('gdbm_dump', ['-H', 'ascii', path]).toString();
  const items = [...text.matchAll(/^#:len=(\d+)\n((?:[A-Za-z0-9+/=]+\n)*)/gm)].map(([, , base64]) =>
    Buffer.from(`${base64}`, 'base64').toString('hex'),
  );
  return Array.from({ length: items.length / 2 }, (_, i) => `${items[2 * i]} ${items[2 * i + 1]}`).sort();
}

/** The keys that gdbm's own lookup does not find with the value they have in `lines`, which are as `dumped` gives them. */
function notFound(path: string, lines: readonly string[]): string[] {
  const script = `
    use GDBM_File; tie(my %t, 'GDBM_File', $ARGV[0], &GDBM_READER, 0644) or die $!;
    while (<STDIN>) {
      chomp; my ($k, $v) = split / /, $_, 2; my $found = $t{pack 'H*', $k};
      print "$k\\n" unless defined $found && $found eq pack 'H*', $v;
    }`;
  return run('perl', ['-e', script, path], lines.map((line) => `${line}\n`).join(''))
    .toString()
    .split('\n')
    .slice(0, -1);
}

function stored(pairs: Pairs, terminated: boolean): string[] {
  const nul = terminated ? '00' : '';
  return hexLines(pairs)
    .map((line) => `${line.replace(' ', `${nul} `)}${nul}`)
    .sort();
}

/** Everything our reader does with a file gives `pairs`. */
function readsWhole(path: string, pairs: Pairs, terminated: boolean | undefined): void {
  const file = openTable(path, { terminated });
  try {
    expect(file.format).toBe('gdbm');
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

/** Writes a table and returns its path after gdbm and our own reader have found the same in it. */
async function written(pairs: Pairs, terminated = true): Promise<string> {
  const path = join(directory, `table${files++}`);
  await formats.gdbm.write(path, pairs, { terminated });
  expect(dumped(path)).toEqual(stored(pairs, terminated));
  expect(notFound(path, stored(pairs, terminated))).toEqual([]);
  readsWhole(path, pairs, terminated);
  return path;
}

describe('gdbm finds what we wrote', () => {
  test.each([0, 1, 2, 3, 165, 166, 167, 1000, 100_000])('%i entries', async (count) => {
    await written(pairsOf(aliases(count)));
  });

  test('long keys and values', async () => {
    const lengths = [0, 1, 2, 3, 4, 5, 255, 5000, 99_999, (1 << 20) + 5];
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
      runs(30),
    );
  });

  test('keys whose hashes agree in many bits', async () => {
    const hash = (key: string) => {
      const bytes = Buffer.from(`${key}\0`);
      let value = Math.imul(0x238f13af, bytes.length);
      bytes.forEach((byte, i) => {
        value = (value + (byte << ((i * 5) % 24))) & 0x7fffffff;
      });
      return (Math.imul(1103515243, value) + 12345) & 0x7fffffff;
    };
    const near = aliases(300_000).filter(([key]) => hash(`${key}`) >>> 20 === 77);
    expect(near.length).toBeGreaterThan(100);
    // Bytes 0 and 24, and 1 and 25, are shifted alike: what one has more, the other has less.
    const twin = (i: number) => [String.fromCharCode(48 + i), String.fromCharCode(97 - i)];
    const alike = Array.from({ length: 1000 }, (_, i): Entry => {
      const [a, d] = twin(i % 40);
      const [b, e] = twin(Math.floor(i / 40));
      return [`${a}${b}${'x'.repeat(22)}${d}${e}`, `${i}`];
    });
    expect(new Set(alike.map(([key]) => hash(`${key}`))).size).toBe(1);
    await written(pairsOf([...near, ...alike]));
  });
});

test('gdbm goes on writing to a file of ours', async () => {
  const path = await written(pairsOf(aliases(3000)));
  const script = `
    use GDBM_File; tie(my %t, 'GDBM_File', $ARGV[0], &GDBM_WRITER, 0644) or die $!;
    while (<STDIN>) { chomp; my ($k, $v) = split /: /, $_, 2; $t{"$k\\0"} = "$v\\0"; }
    untie %t;`;
  run(
    'perl',
    ['-e', script, path],
    aliases(6000)
      .slice(3000)
      .map(([key, value]) => `${key}: ${value}\n`)
      .join(''),
  );
  expect(dumped(path)).toEqual(stored(pairsOf(aliases(6000)), true));
  readsWhole(path, pairsOf(aliases(6000)), undefined);
});

test('the same entries give the same bytes, in whatever order they come', async () => {
  const entries = aliases(5000);
  const [a, b] = [await written(pairsOf(entries)), await written(pairsOf(entries.toReversed()))];
  expect(readFileSync(a).equals(readFileSync(b))).toBe(true);
});

describe('files that gdbm made', () => {
  test.each(['', ' | GDBM_NUMSYNC'])('%s', (flag) => {
    const path = join(directory, `theirs${files++}`);
    const script = `
      use GDBM_File; tie(my %t, 'GDBM_File', $ARGV[0], &GDBM_NEWDB${flag.replace('GDBM', '&GDBM')}, 0644) or die $!;
      while (<STDIN>) { chomp; my ($k, $v) = split /: /, $_, 2; $t{"$k\\0"} = "$v\\0"; push @keys, $k; }
      $t{"long$_\\0"} = 'y' x 9000 for 1..20;
      delete $t{"$keys[$_]\\0"} for 1000..4999; delete $t{"long$_\\0"} for 1..20;
      untie %t;`;
    run(
      'perl',
      ['-e', script, path],
      aliases(5000)
        .map(([key, value]) => `${key}: ${value}\n`)
        .join(''),
    );
    readsWhole(path, pairsOf(aliases(1000)), undefined);
  });

  test.each([512, 1024, 65536])('blocks of %i bytes, without NULs', (size) => {
    const path = join(directory, `theirs${files++}`);
    const lines = aliases(2000)
      .map(([key, value]) => `store "${key}" "${value}"\n`)
      .join('');
    run('gdbmtool', ['-n', '--block-size', `${size}`, path], lines);
    readsWhole(path, pairsOf(aliases(2000)), undefined);
  });
});

describe('a write that fails leaves nothing behind', () => {
  const path = join(directory, 'failed');

  test('a repeated key', async () => {
    const pairs = pairsOf([...aliases(500), ['anna.ng.35@example.ac.uk', 'another']]);
    await expect(formats.gdbm.write(path, pairs)).rejects.toThrow(
      /"anna\.ng\.35@example\.ac\.uk" is there twice/,
    );
    expect(existsSync(path)).toBe(false);
  });
});

describe('damage', () => {
  const entries = aliases(200);
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
    const file = attempt(() => formats.gdbm.open(path));
    if (file === undefined) return false;
    try {
      attempt(() => file.pairs());
      attempt(() => file.statistics());
      for (const [key] of entries.slice(0, 5)) attempt(() => file.get(Buffer.from(key)));
      const passes = (check: () => void) => attempt(() => check() ?? true) ?? false;
      const verified = passes(() => file.verify());
      return passes(() => file.readBack(pairs)) && verified;
    } finally {
      file.close();
    }
  }

  test('what passes our checks is read by gdbm as it was', async () => {
    const original = readFileSync(await written(pairs));
    const expected = stored(pairs, true);
    const place = fc.oneof(
      fc.nat(300),
      fc.nat(original.length - 1),
      fc.integer({ min: 8192, max: 8192 + 300 }),
    );
    const change = fc.record({ at: place, value: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const bytes = Buffer.from(original);
        for (const { at, value } of changes) bytes[at] = value;
        if (!survives(bytes)) return;
        expect(dumped(path)).toEqual(expected);
        expect(notFound(path, expected)).toEqual([]);
      }),
      runs(500),
    );
  });

  test('truncated anywhere, and random bytes', async () => {
    const original = readFileSync(await written(pairs));
    fc.assert(
      fc.property(fc.nat(original.length - 1), (length) => {
        const cut = survives(original.subarray(0, length));
        if (cut) expect(original.subarray(length).every((byte) => byte === 0)).toBe(true);
      }),
      runs(300),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000, size: 'max' }), fc.nat(20_000), (noise, at) => {
        const bytes = Buffer.from(original);
        bytes.set(noise.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length));
        survives(bytes);
      }),
      runs(500),
    );
  });

  test('files of other machines are refused by name', () => {
    writeFileSync(path, Buffer.concat([Buffer.from('13579acf', 'hex'), Buffer.alloc(8192)]));
    expect(() => openTable(path)).toThrow(/gdbm file of the other byte order/);
    writeFileSync(path, Buffer.concat([Buffer.from('cd9a5713', 'hex'), Buffer.alloc(8192)]));
    expect(() => openTable(path)).toThrow(/gdbm file with 32-bit offsets/);
  });
});
