import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { unpackPostmap } from '../../../fixtures/postfix/postmap.ts';
import { openTable } from '../../../src/dbm/index.ts';
import { readsWhole } from '../every-format/reads-whole.ts';
import { aliases, datOf, type Entry, run, scratchDirectory } from '../support.ts';
import { dbVerify } from './support.ts';

const directory = scratchDirectory();
const path = join(directory, 'table');

/** libdb finds no fault in the file, and everything our reader does with it gives `entries`. */
function holds(entries: readonly Entry[]): void {
  dbVerify(path);
  readsWhole(path, 'bdb', entries);
}

function loadedWith(entries: readonly Entry[], options: readonly string[], nul = '\0'): void {
  rmSync(path, { force: true });
  const hex = (item: Uint8Array | string) =>
    Buffer.concat([Buffer.from(item), Buffer.from(nul)]).toString('hex');
  const data = entries.map(([key, value]) => ` ${hex(key)}\n ${hex(value)}\n`).join('');
  const settings = options.flatMap((option) => ['-c', option]);
  run(
    'db_load',
    ['-t', 'hash', ...settings, path],
    `VERSION=3\nformat=bytevalue\ntype=hash\nHEADER=END\n${data}DATA=END\n`,
  );
}

const postmap = unpackPostmap(join(directory, 'postfix'));

describe.runIf(postmap !== undefined)('files that postmap made', () => {
  test.each([1, 1000, 30_000])('%i entries', (count) => {
    const entries = aliases(count);
    writeFileSync(path, entries.map(([key, value]) => `${key} ${value}\n`).join(''));
    const [program = '', ...args] = postmap ?? [];
    run(program, [...args, `hash:${path}`]);
    renameSync(`${path}.db`, path);
    holds(entries);
  });
});

describe('files that exim_dbmbuild made', () => {
  test.each([0, 1, 2, 1000, 30_000])('%i entries', (count) => {
    const entries = aliases(count);
    const dat = join(directory, 'source.dat');
    writeFileSync(dat, datOf(entries));
    for (const options of [[], ['-nozero']]) {
      rmSync(path, { force: true });
      run('exim_dbmbuild', [...options, dat, path]);
      holds(entries);
    }
  });

  test('values on overflow pages', () => {
    const entries = [100, 5000, 19_000].map((length) => [`v${length}`, 'x'.repeat(length)] as const);
    const dat = join(directory, 'source.dat');
    writeFileSync(dat, datOf(entries));
    rmSync(path, { force: true });
    run('exim_dbmbuild', [dat, path]);
    holds(entries);
  });
});

describe('files that db_load made', () => {
  const long: Entry[] = [
    ['a'.repeat(300), 'short'],
    ['b'.repeat(5000), 'v'.repeat(70_000)],
    [`${'b'.repeat(4999)}c`, ''],
    ['d', 'w'.repeat(129)],
  ];
  const settings = [
    [],
    ['db_lorder=4321'],
    ['db_pagesize=512'],
    ['db_pagesize=512', 'db_lorder=4321'],
    ['db_pagesize=65536'],
    ['h_nelem=5000', 'h_ffactor=40'],
    ['h_ffactor=200'],
  ];
  test.each(settings.map((options) => [options]))('%j', (options) => {
    const entries = [...aliases(3000), ...long];
    loadedWith(entries, options);
    holds(entries);
    loadedWith(entries, options, '');
    holds(entries);
  });

  test('large ones of the other byte order', () => {
    loadedWith(aliases(50_000), ['db_lorder=4321']);
    holds(aliases(50_000));
  });
});

test('files that perl’s DB_File made, also after deletions', () => {
  const entries = aliases(5000);
  const script = `
    use DB_File; my $h = new DB_File::HASHINFO; $h->{nelem} = 3000; $h->{ffactor} = 30;
    tie(my %t, 'DB_File', $ARGV[0], O_RDWR|O_CREAT, 0644, $h) or die $!;
    my @keys;
    while (<STDIN>) { chomp; my ($k, $v) = split /: /, $_, 2; $t{"$k\\0"} = "$v\\0"; push @keys, $k; }
    $t{"long$_\\0"} = 'y' x 9000 for 1..20;
    delete $t{"$keys[$_]\\0"} for 1000..4999; delete $t{"long$_\\0"} for 1..20;
    untie %t;`;
  rmSync(path, { force: true });
  run('perl', ['-e', script, path], datOf(entries));
  holds(entries.slice(0, 1000));
});

test('unsorted pages of version 8', () => {
  loadedWith(aliases(2000), []);
  const unsort = `
    open my $f, '+<', $ARGV[0]; binmode $f; local $/; my $b = <$f>;
    my $size = unpack 'V', substr $b, 20, 4;
    substr($b, 16, 4) = pack 'V', 8;
    for (my $p = $size; $p < length $b; $p += $size) {
      next unless ord(substr $b, $p + 25, 1) == 13;
      substr($b, $p + 25, 1) = chr 2;
      my $n = unpack 'v', substr $b, $p + 20, 2;
      next if $n < 4;
      my @at = unpack "v$n", substr $b, $p + 26, 2 * $n;
      my $end = $size; my @items;
      for my $at (@at) { push @items, substr $b, $p + $at, $end - $at; $end = $at; }
      my @order = reverse 0 .. $n / 2 - 1;
      my $to = $size; my @index;
      for my $i (map { (2 * $_, 2 * $_ + 1) } @order) {
        $to -= length $items[$i]; push @index, $to;
        substr($b, $p + $to, length $items[$i]) = $items[$i];
      }
      substr($b, $p + 26, 2 * $n) = pack "v$n", @index;
    }
    seek $f, 0, 0; print $f $b;`;
  run('perl', ['-e', unsort, path]);
  holds(aliases(2000));
});

describe('files that are no tables of ours are refused by name', () => {
  test('several values for a key', () => {
    rmSync(path, { force: true });
    const input = 'VERSION=3\nformat=print\ntype=hash\nduplicates=1\nHEADER=END\n a\n 1\n a\n 2\nDATA=END\n';
    run('db_load', [path], input);
    const file = openTable(path);
    expect(() => file.pairs()).toThrow(/several values for one key/);
    expect(() => file.verify()).toThrow(/several values for one key/);
    file.close();
  });

  test.each(['btree', 'queue', 'recno'])('%s', (type) => {
    rmSync(path, { force: true });
    const length = type === 'queue' ? 're_len=1\n' : '';
    const keys = type === 'btree' ? ' a\n' : '';
    run(
      'db_load',
      [path],
      `VERSION=3\nformat=print\ntype=${type}\n${length}keys=${keys === '' ? 0 : 1}\nHEADER=END\n${keys} 1\nDATA=END\n`,
    );
    expect(() => openTable(path)).toThrow(/only hash files can be read/);
  });

  test('checksums', () => {
    loadedWith(aliases(10), ['chksum=1']);
    expect(() => openTable(path)).toThrow(/checksums .* not supported/);
  });

  test.each([
    ['', /an empty file/],
    ['anna@example.ac.uk: anna\n', /not a table file/],
  ])('%j', (content, message) => {
    writeFileSync(path, content);
    expect(() => openTable(path)).toThrow(message);
  });

  test('a directory, and nothing at all', () => {
    expect(() => openTable(directory)).toThrow(/not a file/);
    expect(() => openTable(join(directory, 'none'))).toThrow(/ENOENT/);
  });
});
