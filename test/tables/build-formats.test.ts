import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { build, EximError, loadConfig, openTable, PublishedTables } from '../../src/index.ts';
import { stampOf } from '../../src/tables/publish/files.ts';

let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'formats-'));
  mkdirSync(join(work, 'etc'));
  writeFileSync(join(work, 'list.dat'), 'a@example.ac.uk: one\nb@example.ac.uk: two\n');
});
afterEach(() => {
  rmSync(work, { recursive: true, force: true });
});

/** A program that answers `-bV` as an Exim with another library would: Debian has Exim with one of them only. */
function standInForExim(line: string): void {
  writeFileSync(
    join(work, 'exim'),
    `#!/bin/sh\nprintf 'Exim version 4.98\\n%s\\nSupport for: nothing\\n' '${line}'\n`,
  );
  chmodSync(join(work, 'exim'), 0o755);
}

function configFile(top: string, table = ''): string {
  const path = join(work, 'mailhub-tables.toml');
  const text = `tables_dir = "etc"\nstate_dir = "state"\n${top}\n[tables.t]\n${table}\n`;
  writeFileSync(path, `${text}[[tables.t.sources]]\nfile = "list.dat"\n`);
  return path;
}

async function run(path: string): Promise<string[]> {
  const { tables } = await build(await loadConfig(path));
  return tables.map(({ outcome, failure }) => failure?.message ?? outcome);
}

function formatOf(name: string): string {
  const file = openTable(join(work, 'etc', name));
  try {
    file.verify();
    expect(Buffer.from(file.get(Buffer.from('b@example.ac.uk')) ?? []).toString()).toBe('two');
    return file.format;
  } finally {
    file.close();
  }
}

describe('format', () => {
  it('may name several at once, which are published together', async () => {
    expect(await run(configFile('format = "cdb"', 'format = ["bdb", "cdb", "lmdb", "sqlite"]'))).toEqual([
      'published',
    ]);
    const files = ['t', 't.cdb', 't.lmdb', 't.sqlite'];
    expect(files.map(formatOf)).toEqual(['bdb', 'cdb', 'lmdb', 'sqlite']);
    expect(existsSync(join(work, 'etc/t.lmdb-lock'))).toBe(true);
  });

  it('adds a format that the configuration has anew, though no entry changed', async () => {
    await run(configFile('format = "bdb"'));
    const before = stampOf(join(work, 'etc/t.dat'));
    expect(await run(configFile('format = ["bdb", "cdb"]'))).toEqual(['unchanged']);
    expect(formatOf('t.cdb')).toBe('cdb');
    expect(stampOf(join(work, 'etc/t.dat'))).toBe(before);
    expect(await run(configFile('format = ["bdb", "cdb"]'))).toEqual(['unchanged']);
  });

  it.each([
    ['Berkeley DB: Berkeley DB 5.3.28: (September  9, 2013)', 'bdb'],
    ['Hints DB:\n Using tdb', 'tdb'],
    [' Probably GDBM (native mode)', 'gdbm'],
    ['Hints DB:\n Using sqlite3', 'sqlite'],
  ])('"auto" with an Exim that says %j is %s', async (line, format) => {
    standInForExim(line);
    expect(await run(configFile('exim = "exim"'))).toEqual(['published']);
    expect(formatOf('t')).toBe(format);
  });

  it('"auto" rebuilds every table when Exim reads another format, and lookups go on', async () => {
    standInForExim('Berkeley DB: Berkeley DB 5.3.28');
    const path = configFile('exim = "exim"');
    await run(path);
    const dat = readFileSync(join(work, 'etc/t.dat'));
    standInForExim(' Using tdb');
    expect(await run(path)).toEqual(['unchanged']);
    expect(formatOf('t')).toBe('tdb');
    expect(readFileSync(join(work, 'etc/t.dat')).equals(dat)).toBe(true);
    const tables = await PublishedTables.open(await loadConfig(path));
    expect(tables.find(Buffer.from('a@example.ac.uk')).map(({ table }) => table)).toEqual(['t']);
    tables.close();
  });

  it('judges a .dat of somebody else by the dbm file, also when that has the format of another Exim', async () => {
    standInForExim('Berkeley DB: Berkeley DB 5.3.28');
    const path = configFile('exim = "exim"');
    writeFileSync(join(work, 'list.dat'), 'a: 1\nb: 2\nc: 3\nd: 4\n');
    await run(path);
    writeFileSync(join(work, 'etc/t.dat'), 'a: 1\n');
    standInForExim(' Using tdb');
    expect(await run(path)).toEqual(['held']);
    expect(openTable(join(work, 'etc/t')).statistics().entries).toBe(4);
  });

  it.each([' Probably ndbm', ' Probably GDBM (compatibility mode)'])(
    '"auto" says so when Exim reads what cannot be written: %j',
    async (line) => {
      standInForExim(line);
      const config = await loadConfig(configFile('exim = "exim"'));
      await expect(build(config)).rejects.toThrow(EximError);
      await expect(build(config)).rejects.toThrow(/ndbm.*name a format/);
    },
  );
});
