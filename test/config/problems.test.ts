import { expect, test } from 'vitest';
import { top } from './finds.ts';
import { failure, problems, workspace } from './workspace.ts';

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
