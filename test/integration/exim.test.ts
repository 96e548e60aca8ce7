import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Exim } from './exim.ts';

const pairs = new Map([
  ['alice@example.ac.uk', 'alice.primary@example.ac.uk'],
  ['braces', '{ $value } \\n $bad{'],
  ['failure', 'Failed: not really'],
  ['prompt', '> -'],
  ['empty', ''],
  ['two  spaces', 'two  spaces'],
  ['$h{}\\:"', 'expansion in the key'],
  ['zoë@example.ac.uk', 'Zoë'],
  ['ü'.repeat(127), 'a key longer than one line of input'],
  ['long', 'word '.repeat(19_000).trim()],
]);

describe('the harness around Exim', () => {
  const exim = new Exim();
  const directory = mkdtempSync(join(tmpdir(), 'mailhub-exim-test-'));
  const table = join(directory, 'table');

  beforeAll(() => {
    const quoted = (key: string) => `"${key.replace(/["\\]/g, '\\$&')}"`;
    const lines = [...pairs].map(
      ([key, value]) => `${quoted(key)}: ${value.replaceAll(/(.{9000}) /g, '$1\n ')}\n`,
    );
    writeFileSync(`${table}.dat`, lines.join(''));
    execFileSync('/usr/sbin/exim_dbmbuild', ['-nolc', `${table}.dat`, table]);
  });

  afterAll(() => {
    exim.close();
    rmSync(directory, { recursive: true });
  });

  it('finds every value, whatever it looks like, in the order of the keys', async () => {
    expect(await exim.lookup(table, [...pairs.keys()])).toEqual([...pairs.values()]);
  });

  it('tells a key that is not there from one with an empty value', async () => {
    expect(await exim.lookup(table, ['nobody', 'empty', 'Empty'])).toEqual([undefined, '', undefined]);
  });

  it('answers thousands of keys from one process', async () => {
    const keys = Array.from({ length: 5000 }, (_, index) => (index % 2 === 0 ? 'prompt' : `absent-${index}`));
    const answers = await exim.lookup(table, keys);
    expect(answers.filter((answer) => answer === '> -')).toHaveLength(2500);
    expect(answers.filter((answer) => answer === undefined)).toHaveLength(2500);
  });

  it('does not take a table that is missing or damaged for one without the key', async () => {
    await expect(exim.lookup(`${table}-absent`, ['alice@example.ac.uk'])).rejects.toThrow(/No such file/);
    await expect(exim.lookup(`${table}.dat`, ['alice@example.ac.uk'])).rejects.toThrow(/failed to open/);
  });

  it('names the library behind the dbm lookup', async () => {
    expect(await exim.dbmLibrary()).toMatch(/Berkeley DB|gdbm|tdb|ndbm|sqlite3/i);
  });
});
