import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FormatName } from '../../src/dbm/index.ts';
import { datLayout, dumpLayout, loadLayout, mapLayout, writeAliases } from './aliases.ts';

/** A program that makes a table of aliases. */
export interface Program {
  readonly format: FormatName;
  readonly name: string;
  readonly command: readonly string[];
  readonly table: string;
}

/** Perl's DB_File, told how many entries come, and bytes a page as Berkeley DB's own tuning guide has it. */
const DB_FILE = `use DB_File; my $h = DB_File::HASHINFO->new; $h->{nelem} = $ARGV[2]; $h->{bsize} = 4096; $h->{cachesize} = 1 << 28;
  tie(my %t, 'DB_File', $ARGV[1], O_RDWR | O_CREAT, 0644, $h) or die; open my $f, '<', $ARGV[0];
  while (<$f>) { chomp; my ($k, $v) = split /: /, $_, 2; $t{"$k\\0"} = "$v\\0"; }`;
const GDBM_FILE = `use GDBM_File; tie(my %t, 'GDBM_File', $ARGV[1], &GDBM_NEWDB, 0644) or die; open my $f, '<', $ARGV[0];
  while (<$f>) { chomp; my ($k, $v) = split /: /, $_, 2; $t{"$k\\0"} = "$v\\0"; }`;
/** With as many hash chains as entries: by tdb's own choice, 131, it would not come to an end. */
const TDB = `
import sys, os, tdb
db = tdb.Tdb(sys.argv[2], int(sys.argv[3]), tdb.DEFAULT, os.O_RDWR | os.O_CREAT, 0o644)
for line in open(sys.argv[1], 'rb'):
  k, v = line.rstrip(b'\\n').split(b': ', 1)
  db.store(k + b'\\0', v + b'\\0')`;

const MDB_LOAD = 'cat "$0" "$1" | mdb_load -n "$2"';

/**
 * What makes tables of `count` aliases in `folder`: the programs in use, and ours. Writes their inputs.
 *
 * @param postmap postmap's command, where it could be had
 * @param once the bundled once.ts
 */
export function programs(
  folder: string,
  count: number,
  once: string,
  postmap: readonly string[] | undefined,
): readonly Program[] {
  const at = (name: string) => join(folder, name);
  const input = { dat: at('in.dat'), load: at('in.load'), dump: at('in.dump'), map: at('in.map') };
  writeAliases(input.dat, count, datLayout);
  writeAliases(input.load, count, loadLayout);
  writeAliases(input.dump, count, dumpLayout);
  writeAliases(input.map, count, mapLayout);
  const mapSize = 2 ** 20 * Math.ceil(count / 4000 + 16);
  writeFileSync(at('header'), `VERSION=3\nformat=print\ntype=btree\nmapsize=${mapSize}\nHEADER=END\n`);

  const theirs = (format: FormatName, name: string, command: (table: string) => readonly string[]) => {
    const table = at(`${name.replaceAll(/\W+/g, '-')}.theirs`);
    return { format, name, command: command(table), table };
  };
  const ours = (format: FormatName, name: string, command: (table: string) => readonly string[]) => {
    const table = at(`${format}.ours`);
    return { format, name, command: command(table), table };
  };
  const written = (format: FormatName) =>
    ours(format, `ours: ${format}`, (table) => ['node', once, format, input.dat, table]);
  return [
    ours('bdb', 'mailhub-dbmbuild', (table) => ['bin/mailhub-dbmbuild', input.dat, table]),
    theirs('bdb', 'exim_dbmbuild', (table) => ['exim_dbmbuild', input.dat, table]),
    theirs('bdb', 'db_load -T -t hash', (table) => ['db_load', '-T', '-t', 'hash', '-f', input.load, table]),
    theirs('bdb', 'perl DB_File, sized', (table) => ['perl', '-e', DB_FILE, input.dat, table, `${count}`]),
    ...(postmap === undefined
      ? []
      : [
          {
            format: 'bdb' as const,
            name: 'postmap hash:',
            command: [...postmap, `hash:${input.map}`],
            table: `${input.map}.db`,
          },
        ]),
    written('cdb'),
    theirs('cdb', 'cdb -c', (table) => ['cdb', '-c', '-m', table, input.map]),
    written('gdbm'),
    theirs('gdbm', 'perl GDBM_File', (table) => ['perl', '-e', GDBM_FILE, input.dat, table]),
    written('tdb'),
    theirs('tdb', 'python3-tdb', (table) => ['/usr/bin/python3', '-c', TDB, input.dat, table, `${count}`]),
    written('lmdb'),
    theirs('lmdb', 'mdb_load', (table) => ['sh', '-c', MDB_LOAD, at('header'), input.dump, table]),
  ];
}
