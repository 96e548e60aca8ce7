import { chmodSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { failure, problems, type Workspace, workspace } from './workspace.ts';

const top = 'tables_dir = "tables"\n';
const table = '[tables.a]\n';
const server = '[directory.ad]\nurls = ["ldaps://dc1"]\nbase = ""\n';
const source = (lines: string) => `${top}${server}[[tables.a.sources]]\n${lines}`;
const directorySource = (lines: string) => {
  const keys = ['directory = "ad"', 'filter = "(a=b)"', 'key = "{address}"', 'value = "x"'];
  const changed = keys.filter((line) => !lines.includes(`${line.split(' ', 1)} =`));
  return `${top}${server}[[tables.a.sources]]\n${lines}\n${changed.join('\n')}\n`;
};

type Case = [what: string, toml: string, line: number, key: string, text: RegExp];

/** Each has one problem: its line, its key, and what it says. */
function finds(cases: Case[], prepare: (at: Workspace['at']) => void = () => {}): void {
  test.each(cases)('%s', async (_, toml, line, key, text) => {
    const { at, load } = workspace();
    prepare(at);
    const error = await failure(load(toml));
    expect(error.problems).toEqual([expect.objectContaining({ file: at('mailhub.toml'), line, key })]);
    expect(error.message).toMatch(text);
    expect(error.message.startsWith(`${at('mailhub.toml')}:${line}: ${key}${key === '' ? '' : ': '}`)).toBe(
      true,
    );
  });
}

describe('TOML', () => {
  finds([
    [
      'an unfinished string',
      `${top}format = "auto\n${table}`,
      2,
      '',
      /not TOML: .*; correct this line first/,
    ],
    ['a key given twice', `${top}${top}${table}`, 2, '', /not TOML/],
    ['a section given twice', `${top}${table}${table}`, 3, '', /not TOML/],
  ]);

  test('the content of a broken line is not repeated', async () => {
    const { load } = workspace();
    const { message } = await failure(load(`${top}password = geheim#1\n`));
    expect(message).not.toContain('geheim');
  });

  test('another encoding', async () => {
    const { write } = workspace();
    const { loadConfig } = await import('../../src/config/load.ts');
    const file = write(Buffer.from('tables_dir = "tables"\n# Universität\n', 'latin1'));
    expect(await problems(loadConfig(file))).toEqual([
      '2 : the line is not in UTF-8; save the file in UTF-8',
    ]);
  });
});

describe('keys', () => {
  finds([
    ['unknown', `${top}colour = 1\n${table}`, 2, 'colour', /no such key here; known here: tables_dir, /],
    ['misspelt', `${top}fromat = "bdb"\n${table}`, 2, 'fromat', /did you mean format\?/],
    ['misspelt, a section', `${top}${table}[directories.ad]\n`, 3, 'directories', /did you mean directory\?/],
    [
      'in the wrong section',
      `${top}${server}format = "bdb"\n${table}`,
      5,
      'directory.ad.format',
      /the top of the file/,
    ],
    [
      'a source without brackets',
      `${top}${server}${table}filter = "x"\n`,
      6,
      'tables.a.filter',
      /a source with directory/,
    ],
    [
      'of another kind of source',
      source('file = "x"\nfilter = "(a=b)"'),
      7,
      'tables.a.sources[0].filter',
      /source with directory/,
    ],
    [
      'a password',
      `${top}${server}password = "geheim"\n${table}`,
      5,
      'directory.ad.password',
      /password_file$/,
    ],
    ['a table with a dot', `${top}[tables.exim.conf]\n`, 2, 'tables.exim.conf', /\[tables\."exim\.conf"\]/],
    [
      'in an inline table',
      `${top}${table}guard = {\n min_entries = 1,\n max = 2 }\n`,
      5,
      'tables.a.guard.max',
      /max_/,
    ],
    [
      'in an array of inline tables',
      `${top}${table}sources = [\n{ file = "x" },\n{ file = "y", x = 1 }]`,
      5,
      'tables.a.sources[1].x',
      /known/,
    ],
    ['__proto__', `${top}${table}__proto__ = 1\n`, 3, 'tables.a.__proto__', /no such key/],
    ['strange letters', `${top}"a\\u0085\\nb" = 1\n${table}`, 2, '"a\\u{85}\\u{a}b"', /no such key/],
    ['missing at the top', table, 1, 'tables_dir', /is missing; for example: tables_dir = "\/etc\/exim"/],
    [
      'missing in a section',
      `${top}\n[directory.ad]\nurls = ["ldap://x"]\n${table}`,
      3,
      'directory.ad.base',
      /is missing/,
    ],
    [
      'missing in a source',
      source('csv = "x"\nvalue = "x"'),
      5,
      'tables.a.sources[0].key',
      /is missing; for example: key = /,
    ],
  ]);
});

describe('types', () => {
  finds([
    ['text', `tables_dir = 1\n${table}`, 1, 'tables_dir', /must be text in quotes, not a number/],
    [
      'a list',
      `${top}${server.replace(/\[("ldaps.*")\]/, '$1')}${table}`,
      3,
      'directory.ad.urls',
      /must be a list in brackets, not text; for example: urls = \[/,
    ],
    [
      'an element',
      `${top}[directory.ad]\nurls = [\n"ldap://a",\n5]\nbase = ""\n${table}`,
      5,
      'directory.ad.urls[1]',
      /must be text/,
    ],
    [
      'true or false',
      `${top}${server}starttls = "yes"\n${table}`,
      5,
      'directory.ad.starttls',
      /must be true or false, not text/,
    ],
    [
      'a number',
      `${top}${server}page_size = "1"\n${table}`,
      5,
      'directory.ad.page_size',
      /must be a whole number, not text/,
    ],
    [
      'a fraction',
      `${top}${server}page_size = 1.5\n${table}`,
      5,
      'directory.ad.page_size',
      /must be a whole number, not a fraction/,
    ],
    ['a date', `${top}format = 2024-01-01\n${table}`, 2, 'format', /must be one of "auto", "bdb"/],
    ['a section', `${top}directory = 1\n${table}`, 2, 'directory', /must be a section, not a number/],
    ['sections, not lists', `${top}[[tables]]\nname = "a"\n`, 2, 'tables', /must be a section, not a list/],
    [
      'sources with one bracket',
      `${top}[tables.a.sources]\nfile = "x"\n`,
      2,
      'tables.a.sources',
      /\[\[tables\.NAME\.sources\]\]/,
    ],
    [
      'a source that is text',
      `${top}${table}sources = ["x"]\n`,
      3,
      'tables.a.sources[0]',
      /\[\[tables\.NAME\.sources\]\]/,
    ],
    [
      'a guard that is text',
      `${top}${table}guard = "1%"\n`,
      3,
      'tables.a.guard',
      /must be a section, not text; for example: guard = \{/,
    ],
    ['an empty path', 'tables_dir = ""\n[tables.a]', 1, 'tables_dir', /is empty/],
    ['a format', `${top}format = "gdbn"\n${table}`, 2, 'format', /must be one of "auto", "bdb"/],
  ]);
});

describe('values', () => {
  const guard = (entry: string) => `${top}${table}guard = { ${entry} }\n`;
  const directory = (lines: string) => `${top}[directory.ad]\nbase = ""\n${lines}\n${table}`;
  finds([
    [
      'a percentage over 100',
      guard('max_removed = "100.1%"'),
      3,
      'tables.a.guard.max_removed',
      /more than 100%/,
    ],
    ['no percentage', guard('max_removed = "1 %"'), 3, 'tables.a.guard.max_removed', /neither .*"1%"/],
    [
      'a percentage as text',
      guard('max_changed = "25"'),
      3,
      'tables.a.guard.max_changed',
      /neither .*such as 25/,
    ],
    ['a negative limit', guard('max_added = -1'), 3, 'tables.a.guard.max_added', /negative/],
    ['a fraction of an entry', guard('max_added = 0.5'), 3, 'tables.a.guard.max_added', /not a whole number/],
    ['a limit without end', guard('max_added = inf'), 3, 'tables.a.guard.max_added', /not a whole number/],
    ['min_entries', guard('min_entries = -1'), 3, 'tables.a.guard.min_entries', /is less than 0/],
    [
      'a time of nothing',
      `${top}${server}connect_timeout = 0\n${table}`,
      5,
      'directory.ad.connect_timeout',
      /is less than 1/,
    ],
    [
      'an endless time',
      `${top}${server}operation_timeout = 86401\n${table}`,
      5,
      'directory.ad.operation_timeout',
      /is more than 86400/,
    ],
    [
      'a page of nothing',
      `${top}${server}page_size = 0\n${table}`,
      5,
      'directory.ad.page_size',
      /is less than 1/,
    ],
    [
      'an attribute',
      `${top}${server}address_attribute = "proxy addresses"\n${table}`,
      5,
      'directory.ad.address_attribute',
      /no name of an attribute/,
    ],
    ['no url', directory('urls = []'), 4, 'directory.ad.urls', /is empty; for example: urls/],
    [
      'a url of another kind',
      directory('urls = ["https://dc1"]'),
      4,
      'directory.ad.urls[0]',
      /no ldap:\/\/ or ldaps:/,
    ],
    [
      'a url without a server',
      directory('urls = ["ldaps://:636"]'),
      4,
      'directory.ad.urls[0]',
      /names no server/,
    ],
    [
      'a url with a base',
      directory('urls = ["ldaps://dc1/dc=x"]'),
      4,
      'directory.ad.urls[0]',
      /goes on after the server/,
    ],
    [
      'a url with a filter',
      directory('urls = ["ldaps://dc1??sub"]'),
      4,
      'directory.ad.urls[0]',
      /goes on after the server/,
    ],
    [
      'a url with a port beyond',
      directory('urls = ["ldaps://dc1:65536"]'),
      4,
      'directory.ad.urls[0]',
      /ports are 1 to 65535/,
    ],
    [
      'a url twice',
      directory('urls = ["ldaps://dc1",\n"ldaps://DC1:636/"]'),
      5,
      'directory.ad.urls[1]',
      /is there twice/,
    ],
    [
      'a credential that is a path',
      `${top}${server}bind_dn = "x"\npassword_credential = "../x"\n${table}`,
      6,
      'directory.ad.password_credential',
      /no name of a credential/,
    ],
    ['an empty bind_dn', `${top}${server}bind_dn = ""\n${table}`, 5, 'directory.ad.bind_dn', /is empty/],
  ]);

  test('the password of a url is not repeated', async () => {
    const { load } = workspace();
    const { message } = await failure(load(directory('urls = ["ldaps://svc:geheim@dc1"]')));
    expect(message).toMatch(/:4: directory\.ad\.urls\[0\]: carries a user name or password; use bind_dn/);
    expect(message).not.toContain('geheim');
  });
});

describe('sources', () => {
  const key = 'tables.a.sources[0]';
  finds([
    [
      'a directory that is not there',
      directorySource('directory = "da"'),
      6,
      `${key}.directory`,
      /no directory "da"; did you mean ad\?/,
    ],
    [
      'a directory without section',
      `${top}${directorySource('').slice(top.length + server.length)}`,
      4,
      `${key}.directory`,
      /add \[directory\.ad\]/,
    ],
    ['a filter', directorySource('filter = "(&(a=b)"'), 6, `${key}.filter`, /character 8/],
    ['an empty filter', directorySource('filter = ""'), 6, `${key}.filter`, /character 1/],
    [
      'a filter over two lines',
      directorySource('filter = """(a=b)\n(c=d)"""'),
      6,
      `${key}.filter`,
      /unexpected text/,
    ],
    [
      'a template',
      directorySource('key = "{address"'),
      6,
      `${key}.key`,
      /a \{ without its \} at character 1/,
    ],
    ['an empty template', directorySource('value = ""'), 6, `${key}.value`, /empty/],
    ['a key for all', directorySource('key = "x"'), 6, `${key}.key`, /same key/],
    [
      'a misspelt placeholder',
      directorySource('key = "{localpart}@x"'),
      6,
      `${key}.key`,
      /\{localpart\} is not known; did you mean \{local_part\}\?/,
    ],
    [
      'an address that the key leaves open',
      directorySource('value = "{local_part}"\nkey = "{mail}"'),
      6,
      `${key}.value`,
      /\{local_part\} of which address\?/,
    ],
    [
      'a placeholder in another spelling',
      directorySource('value = "{Local-Part}"'),
      6,
      `${key}.value`,
      /\{Local-Part\} is not known; did you mean \{local_part\}\?/,
    ],
    [
      'a placeholder that is no attribute',
      directorySource('value = "{a b}"'),
      6,
      `${key}.value`,
      /no name of an attribute; use \{address\}, \{local_part\}/,
    ],
    [
      'no domain',
      directorySource('domains = ["a.example",\n"@b.example"]'),
      7,
      `${key}.domains[1]`,
      /no mail domain/,
    ],
    ['no domains', directorySource('domains = []'), 6, `${key}.domains`, /is empty/],
    [
      'a domain twice',
      directorySource('domains = ["a.example", "A.example"]'),
      6,
      `${key}.domains[1]`,
      /twice/,
    ],
    ['a CSV key for all', source('csv = "x"\nkey = "x"\nvalue = "x"'), 7, `${key}.key`, /same key/],
    [
      'a delimiter',
      source('csv = "x"\nkey = "{x}"\nvalue = "x"\ndelimiter = "tab"'),
      9,
      `${key}.delimiter`,
      /",", ";", "auto"/,
    ],
    ['two kinds', source('file = "x"\ncsv = "x"'), 5, key, /has both file and csv/],
    ['no kind', source('optional = true'), 5, key, /none of directory, file and csv/],
    ['a misspelt kind', source('flie = "x"'), 5, key, /did you mean file by "flie"\?/],
  ]);

  test.each(['', '.dat', '_tmp.dat', '.cdb', '.lmdb', '.sqlite'])(
    'the output b%s of a table',
    async (suffix) => {
      const { at, load } = workspace();
      symlinkSync(at('tables'), at('link'));
      for (const file of [
        `tables/b${suffix}`,
        `link/b${suffix}`,
        `link/../tables/b${suffix}`,
        at(`tables/b${suffix}`),
      ]) {
        expect(
          await problems(load(`${top}[tables.a]\nsources = [{ file = "${file}" }]\n[tables.b]\n`)),
        ).toEqual([
          expect.stringMatching(
            /^3 tables\.a\.sources\[0\]\.file: .* is a file that table b writes, so it can't be a source; /,
          ),
        ]);
      }
    },
  );

  test("a table's own output, and one behind a symbolic link", async () => {
    const { at, load } = workspace();
    writeFileSync(at('input.dat'), '');
    symlinkSync(at('input.dat'), at('tables/b.dat'));
    expect(
      await problems(load(`${top}[tables.b]\nsources = [{ csv = "input.dat", key = "{k}", value = "v" }]\n`)),
    ).toEqual([expect.stringContaining('3 tables.b.sources[0].csv: ')]);
    rmSync(at('tables/b.dat'));
    await load(`${top}[tables.b]\nsources = [{ csv = "input.dat", key = "{k}", value = "v" }]\n`);
  });
});

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

test('everything is reported at once, in the order of the file', async () => {
  const { at, load } = workspace();
  const found = await problems(
    load(`tables_dir = "none"
state_dir = 5
colour = "red"
[directory.ad]
urls = ["ldap://a", "http://b"]
bind_dn = "x"
password_file = "secret"
ca_file = "none.pem"
page_size = "many"
[directory.b]
urls = ["ldaps://a"]
base = ""
bind_dn = "x"
base_dn = "x"
[tables.123]
[tables.a]
guard = { max_removed = "101%", min_entries = -1 }
[[tables.a.sources]]
directory = "ad"
fliter = "(a=b)"
key = "{address"
value = "{mail}"
[[tables.a.sources]]
file = "${at('none/a.dat')}"
[[tables.a.sources]]
csv = "x"
file = "x"
[tables.a_tmp]
`),
  );
  expect(found.map((problem) => problem.split(': ', 1).join())).toEqual([
    '1 tables_dir',
    '2 state_dir',
    '3 colour',
    '4 directory.ad.base',
    '5 directory.ad.urls[0]',
    '5 directory.ad.urls[1]',
    '8 directory.ad.ca_file',
    '9 directory.ad.page_size',
    '13 directory.b.bind_dn',
    '14 directory.b.base_dn',
    '15 tables.123',
    '17 tables.a.guard.max_removed',
    '17 tables.a.guard.min_entries',
    '18 tables.a.sources[0].filter',
    '20 tables.a.sources[0].fliter',
    '21 tables.a.sources[0].key',
    '24 tables.a.sources[1].file',
    '25 tables.a.sources[2]',
    '28 tables.a_tmp',
  ]);
});

test('a problem is one line, whatever the file holds', async () => {
  const { load } = workspace();
  const { message, problems } = await failure(load(`${top}"a\\nb" = 1\n[tables."\\u2028"]\n`));
  expect(problems).toHaveLength(2);
  expect(message.split(/[\n\u2028]/)).toHaveLength(2);
});

test('columns count from one', async () => {
  const { load } = workspace();
  const { problems } = await failure(load(`${top}[tables.a]\nguard = { min = 1 }\n`));
  expect(problems).toMatchObject([{ line: 3, column: 11 }]);
});
