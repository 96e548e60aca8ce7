import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { finds, server, source, table, top } from './finds.ts';
import { failure, problems, workspace } from './workspace.ts';

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
    ['strange letters', `${top}"a\\u0085\\nb" = 1\n${table}`, 2, '"a\\u0085\\nb"', /no such key/],
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
    ['no format', `${top}format = []\n${table}`, 2, 'format', /names no format/],
    ['a format twice', `${top}format = ["cdb", "cdb"]\n${table}`, 2, 'format', /names a format twice/],
    [
      'two formats for one file',
      `${top}${table}format = ["auto", "cdb", "gdbm"]\n`,
      3,
      'tables.a.format',
      /"auto" and "gdbm", which are written to the same file/,
    ],
  ]);
});
