import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { finds, server, table, top } from './finds.ts';
import { problems, workspace } from './workspace.ts';

describe('contradictions', () => {
  const directory = (lines: string) => `${top}[directory.ad]\nbase = ""\n${lines}\n${table}`;
  const bind = 'bind_dn = "x"\npassword_file = "secret"\n';
  finds([
    [
      'starttls with ldaps',
      directory('starttls = true\nurls = ["ldap://a",\n"ldaps://b"]'),
      6,
      'directory.ad.urls[1]',
      /ldaps:\/\/b contradicts starttls/,
    ],
    [
      'starttls and allow_plaintext',
      directory('starttls = true\nurls = ["ldap://a"]\nallow_plaintext = true'),
      6,
      'directory.ad.allow_plaintext',
      /contradicts starttls/,
    ],
    [
      'a password in the clear',
      directory(`${bind}urls = ["ldaps://a", "ldap://b"]`),
      6,
      'directory.ad.urls[1]',
      /the password would go to ldap:\/\/b over an unencrypted connection; .*allow_plaintext = true/,
    ],
    [
      'a bind_dn alone',
      directory('urls = ["ldaps://a"]\nbind_dn = "x"'),
      5,
      'directory.ad.bind_dn',
      /has no password; add password_file/,
    ],
    [
      'a password alone',
      directory('urls = ["ldaps://a"]\npassword_file = "secret"'),
      5,
      'directory.ad.password_file',
      /without a bind_dn; add bind_dn/,
    ],
    [
      'a CA for nothing',
      directory('urls = ["ldap://a"]\nca_file = "ca.pem"'),
      5,
      'directory.ad.ca_file',
      /is not used/,
    ],
    ['no tables', top, 1, 'tables', /there are no tables; add \[tables\.NAME\]/],
    [
      'one directory for all',
      `tables_dir = "tables"\nstate_dir = "state/../tables"\n${table}`,
      2,
      'state_dir',
      /same directory as tables_dir/,
    ],
  ]);

  finds(
    [
      [
        'two passwords',
        directory(`urls = ["ldaps://a"]\n${bind}password_credential = "secret"`),
        7,
        'directory.ad.password_credential',
        /and password_file both/,
      ],
    ],
    (at) => {
      vi.stubEnv('CREDENTIALS_DIRECTORY', at('.'));
      onTestFinished(() => void vi.unstubAllEnvs());
    },
  );

  test('one directory for all, under two names', async () => {
    const { at, load } = workspace();
    symlinkSync(at('tables'), at('link'));
    expect(await problems(load(`${top}state_dir = "link"\n${table}`))).toEqual([
      expect.stringContaining('2 state_dir: is the same directory'),
    ]);
  });

  test('only encrypted connections with allow_plaintext are none', async () => {
    const { load } = workspace();
    await load(directory(`${bind}urls = ["ldaps://a"]\nallow_plaintext = true`));
  });
});

describe('names', () => {
  const name = (text: string) => `${top}[tables."${text}"]\n`;
  finds([
    ['a path', name('../x'), 2, 'tables."../x"', /could not be the name of a file/],
    ['a hidden file', name('.x'), 2, 'tables.".x"', /could not be/],
    ['an option', name('-x'), 2, 'tables.-x', /could not be/],
    ['nothing', name(''), 2, 'tables.""', /could not be/],
    ['a number', name('123'), 2, 'tables.123', /only a number/],
    ['too long', name('x'.repeat(201)), 2, `tables.${'x'.repeat(201)}`, /too long; use at most 200/],
    ['__proto__', `${top}[tables.__proto__]\n${table}`, 2, 'tables.__proto__', /could not be/],
    ['a directory', `${top}${server.replace('ad', '"a d"')}${table}`, 2, 'directory."a d"', /could not be/],
  ]);

  test.each(['a_tmp', 'a.dat', 'a.cdb', 'a.lmdb', 'a.sqlite'])(
    'a and %s would share a file',
    async (other) => {
      const { load } = workspace();
      for (const [first, second] of [
        ['a', other],
        [other, 'a'],
      ]) {
        expect(await problems(load(`${top}[tables."${first}"]\n[tables."${second}"]\n`))).toEqual([
          expect.stringMatching(/^3 tables.*: its file a\S* is also one of table a/),
        ]);
      }
    },
  );

  test('neighbours that share no file', async () => {
    const { load } = workspace();
    await load(`${top}[tables.a]\n[tables.a_table]\n[tables.tmp]\n[tables.a_tmp2]\n[tables."a.txt"]\n`);
  });
});

describe('files', () => {
  const tls = (lines: string) => `${top}${server}${lines}\n${table}`;
  const bind = (file: string) => tls(`bind_dn = "x"\npassword_file = "${file}"`);
  finds(
    [
      ['no tables_dir', 'tables_dir = "none"\n[tables.a]', 1, 'tables_dir', /none is not there; make it/],
      ['tables_dir a file', 'tables_dir = "ca.pem"\n[tables.a]', 1, 'tables_dir', /is not a directory/],
      ['state_dir a file', `${top}state_dir = "ca.pem"\n${table}`, 2, 'state_dir', /is not a directory/],
      ['no exim', `${top}exim = "none"\n${table}`, 2, 'exim', /none is not there/],
      ['exim no program', `${top}exim = "ca.pem"\n${table}`, 2, 'exim', /can't run/],
      ['no CA', tls('ca_file = "none"'), 5, 'directory.ad.ca_file', /none is not there/],
      ['a CA that is a directory', tls('ca_file = "tables"'), 5, 'directory.ad.ca_file', /is not a file/],
      ['a CA in another form', tls('ca_file = "secret"'), 5, 'directory.ad.ca_file', /no PEM certificate/],
      ['no password', bind('none'), 6, 'directory.ad.password_file', /none is not there/],
      ['a password that is a directory', bind('tables'), 6, 'directory.ad.password_file', /is not a file/],
      ['an empty password', bind('empty'), 6, 'directory.ad.password_file', /is empty/],
      [
        'a password that a group can read',
        bind('group'),
        6,
        'directory.ad.password_file',
        /others can read .* \(mode 0640\); run chmod go= /,
      ],
      [
        'a password that all can read',
        bind('all'),
        6,
        'directory.ad.password_file',
        /others can read .* \(mode 0604\)/,
      ],
    ],
    (at) => {
      for (const [name, text, mode] of [
        ['empty', '', 0o600],
        ['group', 'x', 0o640],
        ['all', 'x', 0o604],
      ] as const) {
        writeFileSync(at(name), text);
        chmodSync(at(name), mode);
      }
    },
  );
});

test('rights are as strict outside the credentials of systemd as without them', async () => {
  const { at, load } = workspace();
  chmodSync(at('secret'), 0o640);
  vi.stubEnv('CREDENTIALS_DIRECTORY', at('tables'));
  onTestFinished(() => void vi.unstubAllEnvs());
  const toml = `${top}${server}bind_dn = "x"\npassword_file = "secret"\n${table}`;
  expect(await problems(load(toml))).toEqual([expect.stringContaining('(mode 0640)')]);
});
