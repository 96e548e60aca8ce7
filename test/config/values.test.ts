import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ValueError } from '../../src/config/error.ts';
import { parseDuration, parseProtected } from '../../src/config/values.ts';
import { type Case, directorySource, finds, server, source, table, top } from './finds.ts';
import { failure, problems, workspace } from './workspace.ts';

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
    ...['8:00-18:00', '08:00-24:01', '24:00-08:00', '08:60-18:00', '08:00', '08:00-08:00'].map(
      (hours): Case => [
        `hours: ${hours}`,
        `${top}${server}no_full_between = "${hours}"\n${table}`,
        5,
        'directory.ad.no_full_between',
        /write it as "08:00-18:00"/,
      ],
    ),
    [
      'a page of nothing',
      `${top}${server}page_size = 0\n${table}`,
      5,
      'directory.ad.page_size',
      /is less than 1/,
    ],
    [
      'an attribute',
      `${top}${server}address_attributes = ["proxy addresses"]\n${table}`,
      5,
      'directory.ad.address_attributes[0]',
      /no name of an attribute/,
    ],
    [
      'a way to ask for changes',
      `${top}${server}delta = "usn"\n${table}`,
      5,
      'directory.ad.delta',
      /must be one of "auto", "dirsync", "syncrepl", "timestamp", "none"/,
    ],
    ...['srv:', 'srv:ad..example', 'srv:ad.example:389', 'srv://ad.example', 'srv:a b'].map(
      (url): Case => [url, directory(`urls = ["${url}"]`), 4, 'directory.ad.urls[0]', /write srv:DOMAIN/],
    ),
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
    [
      'accepted domains of a directory that is not there',
      source('accepted_domains = "da"'),
      6,
      `${key}.accepted_domains`,
      /there is no directory "da"/,
    ],
    [
      'a kind of domain',
      source('accepted_domains = "ad"\nkinds = ["relay"]'),
      7,
      `${key}.kinds[0]`,
      /"authoritative", "internal_relay", "external_relay"/,
    ],
    [
      'the address of a domain',
      source('accepted_domains = "ad"\nvalue = "{address}"'),
      7,
      `${key}.value`,
      /accepted domains are none/,
    ],
    [
      'a filter for domains',
      source('accepted_domains = "ad"\nfilter = "(cn=*)"'),
      7,
      `${key}.filter`,
      /belongs|there is no such key/,
    ],
    ['two kinds', source('file = "x"\ncsv = "x"'), 5, key, /has both file and csv/],
    ['no kind', source('optional = true'), 5, key, /none of directory, accepted_domains, file and csv/],
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

test('lengths of time', () => {
  expect(['1 minute', '90 minutes', '12 hours', '1 day', '3days', '2 weeks'].map(parseDuration)).toEqual(
    [1, 90, 720, 1440, 4320, 20_160].map((minutes) => minutes * 60_000),
  );
  for (const text of [
    '',
    '3',
    'days',
    '0 days',
    '-1 day',
    '1.5 days',
    '3 months',
    '3 d',
    '1  day',
    '9999999 days',
  ])
    expect(() => parseDuration(text), text).toThrow(ValueError);
});

test('what is protected', () => {
  expect(parseProtected('Postmaster@Example.ac.uk')).toBe('postmaster@example.ac.uk');
  expect(parseProtected('@Example.ac.uk')).toBe('@example.ac.uk');
  for (const text of ['', '@', '@no domain']) expect(() => parseProtected(text), text).toThrow(ValueError);
});
