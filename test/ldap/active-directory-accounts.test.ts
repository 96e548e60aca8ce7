import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build, loadConfig } from '../../src/index.ts';
import { DirectoryError } from '../../src/ldap/error.ts';
import { record } from '../samba/ldif-text.ts';
import { type Samba, startSamba } from '../samba/samba.ts';
import { addresses, collect, settingsFor } from './collect.ts';

const password = 'a password that is right';
/** So many wrong passwords lock an account. */
const lockoutThreshold = 2;
let samba: Samba;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ad-accounts-'));
  samba = await startSamba();
  const policy = { lockoutThreshold: String(lockoutThreshold), lockoutDuration: '-18000000000' };
  await samba.change(
    Object.entries(policy)
      .map(([name, value]) =>
        record(samba.base, [
          ['changetype', 'modify'],
          ['replace', name],
          [name, value],
        ]),
      )
      .join('\n'),
  );
});

afterAll(async () => {
  await samba?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** An account of its own for each test. @returns its name and DN */
async function account(name: string, more: readonly (readonly [string, string])[] = []): Promise<string> {
  const dn = `CN=${name},OU=Services,${samba.base}`;
  await samba.change(
    record(dn, [
      ['changetype', 'add'],
      ['objectClass', 'user'],
      ['sAMAccountName', name],
      ['unicodePwd', Buffer.from(`"${password}"`, 'utf16le')],
      ['userAccountControl', '512'],
      ...more,
    ]),
  );
  return dn;
}

function secret(text: string): string {
  const path = join(mkdtempSync(join(folder, 'secret-')), 'secret');
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const settings = (bindDn: string, text = password) =>
  settingsFor([samba.ldapsUrl, samba.ldapsUrl, samba.ldapsUrl], {
    base: samba.base,
    caFile: samba.caFile,
    bindDn,
    passwordFile: secret(text),
  });
const recipients = { ...addresses, filter: '(proxyAddresses=*)' };

async function failure(bindDn: string, text?: string): Promise<string> {
  const error = await collect(settings(bindDn, text), [recipients]).catch((reason: unknown) => reason);
  if (!(error instanceof DirectoryError)) throw new Error(`no DirectoryError: ${String(error)}`);
  expect(error.result?.name).toBe('invalidCredentials');
  return error.message;
}

test('an account that is right reads everything', async () => {
  const { entries } = await collect(settings(await account('right')), [recipients]);
  expect(entries[0]?.length).toBeGreaterThan(1000);
});

test('why a domain controller refuses an account is told', async () => {
  expect(await failure(`CN=nobody,OU=Services,${samba.base}`)).toContain(
    'there is no such account: see bind_dn',
  );
  expect(await failure(await account('wrong'), 'guessed')).toContain('is wrong, or there is no such account');
  const disabled = await account('disabled');
  const change = (name: string, value: string, dn: string) =>
    samba.change(
      record(dn, [
        ['changetype', 'modify'],
        ['replace', name],
        [name, value],
      ]),
    );
  await change('userAccountControl', '514', disabled);
  expect(await failure(disabled)).toContain('the account of bind_dn is disabled');
  const ended = await account('ended', [['accountExpires', '131592384000000000']]);
  expect(await failure(ended)).toContain('the account of bind_dn has expired');
  const fresh = await account('fresh');
  await change('pwdLastSet', '0', fresh);
  expect(await failure(fresh)).toContain('has to be changed first');
  const locked = await account('locked');
  for (let i = 0; i < lockoutThreshold; i++) await failure(locked, `guess ${i}`);
  expect(await failure(locked)).toContain('is locked out');
});

test('a wrong password costs one attempt, whatever the number of servers, tables and runs: the account is not locked', async () => {
  const bindDn = await account('patient');
  const passwordFile = secret('outdated');
  const file = join(folder, 'mailhub-tables.toml');
  const directory = (name: string) =>
    `[directory.${name}]\nurls = ["${samba.ldapsUrl}", "${samba.url}"]\nca_file = "${samba.caFile}"\n` +
    `base = "${samba.base}"\nbind_dn = "${bindDn}"\npassword_file = "${passwordFile}"\nallow_plaintext = true\n`;
  const table = (name: string, source: string) => `[tables.${name}]\n[[tables.${name}.sources]]\n${source}\n`;
  const keys = 'filter = "(proxyAddresses=*)"\nkey = "{address}"\nvalue = "{primary}"';
  writeFileSync(
    file,
    [
      `tables_dir = "${mkdtempSync(join(folder, 'tables-'))}"\nstate_dir = "${join(folder, 'state')}"\nformat = "bdb"\n`,
      directory('one'),
      directory('two'),
      table('a', `directory = "one"\n${keys}`),
      table('b', `directory = "two"\n${keys}`),
      table('c', 'accepted_domains = "one"'),
    ].join(''),
  );
  const outcomes = async () => {
    const { tables } = await build(await loadConfig(file));
    return tables.map(({ outcome }) => outcome);
  };
  for (let run = 0; run < lockoutThreshold + 1; run++)
    expect(await outcomes()).toEqual(['failed', 'failed', 'failed']);
  writeFileSync(passwordFile, password);
  expect((await outcomes()).slice(0, 2)).toEqual(['published', 'published']);
});
