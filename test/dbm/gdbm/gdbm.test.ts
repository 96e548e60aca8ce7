import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formats, openTable } from '../../../src/dbm/index.ts';
import { testDamage } from '../every-format/damage.ts';
import { testEveryFormat } from '../every-format/every-format.ts';
import { readsWhole } from '../every-format/reads-whole.ts';
import { storedLines } from '../every-format/tested-format.ts';
import { aliases, type Entry, notFoundByPerl, pairsOf, run, scratchDirectory } from '../support.ts';

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

/** Fails the test unless gdbm finds `stored` in the file. */
function held(path: string, stored: readonly string[]): void {
  expect(dumped(path)).toEqual(stored);
  expect(notFoundByPerl('GDBM_File', '&GDBM_READER, 0644', path, stored)).toEqual([]);
}

const written = testEveryFormat(
  {
    format: formats.gdbm,
    reader: 'gdbm',
    terminated: true,
    counts: [0, 1, 2, 3, 165, 166, 167, 1000, 100_000],
    lengths: [0, 1, 2, 3, 4, 5, 255, 5000, 99_999, (1 << 20) + 5],
    finds: ({ path, stored }) => held(path, stored),
  },
  directory,
);

const damagedEntries = aliases(200);
const { path: damagedPath } = testDamage(
  {
    format: formats.gdbm,
    reader: 'gdbm',
    entries: damagedEntries,
    terminated: true,
    originals: async () => {
      const ours = join(directory, 'ours');
      await formats.gdbm.write(ours, pairsOf(damagedEntries));
      return [{ path: ours, needless: (rest) => rest.every((byte) => byte === 0) }];
    },
    place: ({ length }) =>
      fc.oneof(fc.nat(300), fc.nat(length - 1), fc.integer({ min: 8192, max: 8192 + 300 })),
    head: 8192,
    tries: 500,
    holds: held,
  },
  directory,
);

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
  await written([...near, ...alike]);
});

test('gdbm goes on writing to a file of ours', async () => {
  const path = await written(aliases(3000));
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
  expect(dumped(path)).toEqual(storedLines(aliases(6000), true));
  readsWhole(path, 'gdbm', aliases(6000));
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
    readsWhole(path, 'gdbm', aliases(1000));
  });

  test.each([512, 1024, 65536])('blocks of %i bytes, without NULs', (size) => {
    const path = join(directory, `theirs${files++}`);
    const lines = aliases(2000)
      .map(([key, value]) => `store "${key}" "${value}"\n`)
      .join('');
    run('gdbmtool', ['-n', '--block-size', `${size}`, path], lines);
    readsWhole(path, 'gdbm', aliases(2000));
  });
});

test('files of other machines are refused by name', () => {
  writeFileSync(damagedPath, Buffer.concat([Buffer.from('13579acf', 'hex'), Buffer.alloc(8192)]));
  expect(() => openTable(damagedPath)).toThrow(/gdbm file of the other byte order/);
  writeFileSync(damagedPath, Buffer.concat([Buffer.from('cd9a5713', 'hex'), Buffer.alloc(8192)]));
  expect(() => openTable(damagedPath)).toThrow(/gdbm file with 32-bit offsets/);
});
