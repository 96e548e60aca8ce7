import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Program } from './program.ts';

const program = Program.forFile();
const work = mkdtempSync(join(tmpdir(), 'dbm-command-'));
const at = (name: string): string => join(work, name);

beforeAll(async () => {
  writeFileSync(at('source.dat'), '# comment\nB@x: two\na@x: one\n"with space": three\nb@x: again\nempty:\n');
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe.each(['bdb', 'cdb', 'gdbm', 'lmdb', 'sqlite', 'tdb'])('dbm, %s', (format) => {
  it('builds a file from a .dat, names what is there twice, and dumps the text that builds it again', async () => {
    const built = await program.run(['dbm', 'build', at(format), at('source.dat'), '--format', format]);
    expect(built.status).toBe(0);
    expect(built.stdout).toBe(`${at(format)}: 4 entries written as ${format}\n`);
    expect(built.stderr).toContain('b@x is there twice: kept two, not again');

    const dumped = await program.run(['dbm', 'dump', at(format)]);
    expect(dumped.stdout).toBe('a@x: one\nb@x: two\nempty:\n"with space": three\n');
    expect(dumped.status).toBe(0);

    writeFileSync(at('dumped.dat'), dumped.stdout);
    await program.run(['dbm', 'build', at('again'), at('dumped.dat'), '--format', format]);
    expect(readFileSync(at('again')).equals(readFileSync(at(format)))).toBe(true);
  });

  it('gets values, and verifies', async () => {
    expect(await program.run(['dbm', 'get', at(format), 'b@x'])).toMatchObject({
      status: 0,
      stdout: 'two\n',
    });
    const several = await program.run(['dbm', 'get', at(format), 'with space', 'nobody@x']);
    expect(several).toMatchObject({ status: 2, stdout: 'with space: three\nnobody@x: not found\n' });
    const sound = await program.run(['dbm', 'verify', at(format)]);
    expect(sound).toMatchObject({ status: 0 });
    expect(sound.stdout).toContain(`a sound ${format} file, 4 entries`);
  });

  it('names the file and the fault of a damaged one', async () => {
    const bytes = readFileSync(at(format));
    writeFileSync(at('damaged'), bytes);
    truncateSync(at('damaged'), Math.floor(bytes.length / 2));
    const { status, stderr } = await program.run(['dbm', 'verify', at('damaged')]);
    expect(status).toBe(1);
    expect(stderr).toContain(at('damaged'));
    expect(stderr).not.toContain('fault of the program');
  });
});

describe('dbm', () => {
  it('ends when a large table can not be written, too', async () => {
    const line = (_: unknown, i: number) => `user${i}@example.ac.uk: ${'box'.repeat(30)}@example.ac.uk\n`;
    writeFileSync(at('large.dat'), Array.from({ length: 150_000 }, line).join(''));
    mkdirSync(at('large.mailhub-new'));
    const under = ['timeout', '20'];
    const { status, stderr } = await program.run(['dbm', 'build', at('large'), at('large.dat')], { under });
    expect(stderr).toContain('is a directory');
    expect(status).toBe(1);
  });

  it('names the entries of a file that no .dat can build', async () => {
    const text = 'Caps: one\nlower: two\n';
    execFileSync('exim_dbmbuild', ['-nolc', '-', at('capitals')], { input: text });
    const { status, stdout, stderr } = await program.run(['dbm', 'dump', at('capitals')]);
    expect(stdout).toBe('lower: two\n');
    expect(stderr).toContain('Caps: no line in a .dat builds it: the key has capital letters');
    expect(status).toBe(1);
  });

  it('leaves what was there when the source cannot be read', async () => {
    const before = readFileSync(at('bdb'));
    const { status, stderr } = await program.run(['dbm', 'build', at('bdb'), at('missing.dat')]);
    expect(status).toBe(4);
    expect(stderr).toContain('missing.dat');
    expect(readFileSync(at('bdb')).equals(before)).toBe(true);
  });

  it('reads standard input', async () => {
    const { status, stdout } = await program.run(['dbm', 'build', at('piped')], { input: 'a: 1\n' });
    expect(status).toBe(0);
    expect(stdout).toContain('1 entries written as bdb');
  });
});
