import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DirectoryError } from '../../src/ldap/error.ts';
import { readPassword } from '../../src/ldap/password.ts';

const server = { directory: 'ad', url: undefined };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ldap-password-'));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function secret(contents: string, mode: number): string {
  const path = join(folder, 'ad.secret');
  writeFileSync(path, contents);
  chmodSync(path, mode);
  return path;
}

test.each([
  ['secret', 'secret'],
  ['secret\n', 'secret'],
  ['secret\r\n', 'secret'],
  [' secret \n', ' secret '],
  ['secret\n\n', 'secret\n'],
])('%j holds the password %j', (contents, password) => {
  expect(readPassword(secret(contents, 0o600), server)).toBe(password);
});

test.each([0o640, 0o604, 0o660, 0o620, 0o601, 0o644])('mode %o is refused', (mode) => {
  const path = secret('hush-hush', mode);
  expect(() => readPassword(path, server)).toThrow(DirectoryError);
  try {
    readPassword(path, server);
  } catch (error) {
    expect(String(error)).toContain(path);
    expect(String(error)).toContain(`mode 0${mode.toString(8)}`);
    expect(String(error)).not.toContain('hush-hush');
  }
});

test.each([0o400, 0o600])('mode %o is taken', (mode) => {
  expect(readPassword(secret('hush', mode), server)).toBe('hush');
});

test("a group may read root's file among systemd's credentials, and nobody else", () => {
  const isRoot = process.getuid?.() === 0;
  const path = secret('hush', 0o440);
  vi.stubEnv('CREDENTIALS_DIRECTORY', folder);
  if (isRoot) expect(readPassword(path, server)).toBe('hush');
  else expect(() => readPassword(path, server)).toThrow('mode 0440');
  chmodSync(path, 0o444);
  expect(() => readPassword(path, server)).toThrow('mode 0444');
  chmodSync(path, 0o440);
  vi.stubEnv('CREDENTIALS_DIRECTORY', tmpdir());
  expect(() => readPassword(path, server)).toThrow('mode 0440');
});

test.each(['', '\n', '\r\n'])('%j is no password', (contents) => {
  expect(() => readPassword(secret(contents, 0o600), server)).toThrow('is empty');
});

test('a file that is not there is named', () => {
  expect(() => readPassword(join(folder, 'none'), server)).toThrow(/ENOENT.*none/);
});
