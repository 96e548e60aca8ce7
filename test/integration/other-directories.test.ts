import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeBuildReport } from '../../src/cli/build-report.ts';
import { build, loadConfig } from '../../src/index.ts';
import { type Slapd, startSlapd, suffix } from '../ldap/slapd.ts';

let folder: string;
let slapd: Slapd;

const base = `o=Example University,${suffix}`;
const person = (cn: string, addresses: Readonly<Record<string, readonly string[]>>) =>
  [
    `dn: cn=${cn.replace(/([,+"#])/g, '\\$1')},${base}`,
    'objectClass: pilotPerson',
    `cn: ${cn}`,
    'sn: x',
    `uid: ${cn.length}`,
    ...Object.entries(addresses).flatMap(([name, values]) => values.map((value) => `${name}: ${value}`)),
    '',
  ].join('\n');
/** More than two pages of such a directory. */
const crowd = Array.from({ length: 250 }, (_, i) => `p${i}@example.ac.uk`);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'other-directories-'));
  writeFileSync(
    join(folder, 'people.ldif'),
    [
      `dn: ${suffix}\nobjectClass: organization\ndc: test\n`,
      `dn: ${base}\nobjectClass: organization\no: Example University\n`,
      person('Anna', {
        mail: ['Anna@example.ac.uk'],
        mailAlternateAddress: ['anna.b@example.ac.uk', 'ab@example.ac.uk'],
      }),
      person('Berta, the "second"', { mailAlternateAddress: ['berta@example.ac.uk', 'b@example.ac.uk'] }),
      person('Cora', { mail: ['cora@example.ac.uk'], mailAlternateAddress: ['Cora@Example.ac.uk'] }),
      person('Dora', { mail: ['no address', 'd2@example.ac.uk', 'd1@example.ac.uk'] }),
      person('Emma', {}),
      ...crowd.map((mail) => person(mail.replace('@', ' at '), { mail: [mail] })),
    ].join('\n'),
  );
  slapd = await start('slapd', 'sizelimit unlimited');
});

const start = (name: string, limits: string) =>
  startSlapd({
    folder: join(folder, name),
    schema: [join(import.meta.dirname, '../ldap/x500.schema')],
    ldif: join(folder, 'people.ldif'),
    serverLines: [limits],
    databaseLines: ['index mail,mailAlternateAddress pres,eq', 'access to * by * read'],
  });

afterAll(async () => {
  await slapd?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function run(name: string, directoryKeys: string, { url } = slapd) {
  const tables = mkdtempSync(join(folder, `${name}-`));
  const file = join(tables, 'mailhub-tables.toml');
  writeFileSync(
    file,
    `tables_dir = "."
    state_dir = "state"
    format = "bdb"
    [directory.people]
    urls = ["${url}"]
    base = "${base}"
    ${directoryKeys}
    [tables.staff_table]
    [[tables.staff_table.sources]]
    directory = "people"
    filter = "(|(mail=*)(mailAlternateAddress=*))"
    key = "{address}"
    value = "{primary}"
    `,
  );
  const report = await build(await loadConfig(file));
  const printed = new PassThrough();
  writeBuildReport(report, file, printed, printed);
  const [table] = report.tables;
  return {
    failure: table?.failure?.message,
    rejected: table?.rejected.examples.map(({ value, reason }) => `${value}: ${reason}`),
    lines: () => readFileSync(join(tables, 'staff_table.dat'), 'utf8').trimEnd().split('\n'),
    requests: report.directories[0]?.report?.requests ?? 0,
    pageLimit: report.directories[0]?.report?.pageLimit,
    said: String(printed.read()),
  };
}

const wanted = [
  'ab@example.ac.uk: anna@example.ac.uk',
  'anna.b@example.ac.uk: anna@example.ac.uk',
  'anna@example.ac.uk: anna@example.ac.uk',
  'b@example.ac.uk: b@example.ac.uk',
  'berta@example.ac.uk: b@example.ac.uk',
  'cora@example.ac.uk: cora@example.ac.uk',
  'd1@example.ac.uk: d1@example.ac.uk',
  'd2@example.ac.uk: d1@example.ac.uk',
  ...crowd.map((mail) => `${mail}: ${mail}`),
].sort();

test('a directory of X.500 times gives its people with what is usual there, in small pages', async () => {
  const x500 = await run('x500', 'type = "x500"\ndelta = "none"');
  expect(x500.failure).toBeUndefined();
  expect(x500.lines()).toEqual(wanted);
  expect(x500.rejected).toEqual(['no address: no @']);
  const large = await run('large', 'type = "x500"\ndelta = "none"\npage_size = 1000');
  expect(large.lines()).toEqual(wanted);
  expect(x500.requests - large.requests, 'three pages instead of one').toBe(2);
});

test('what is usual with OpenLDAP and this server has not is passed over', async () => {
  const { failure, lines } = await run('openldap', 'type = "openldap"');
  expect(failure).toBeUndefined();
  expect(lines()).toEqual(wanted);
});

test('an attribute that the configuration names has to be there', async () => {
  const one = await run('one', 'address_attributes = ["mailAlternateAddress"]');
  expect(one.lines()).toEqual([
    'ab@example.ac.uk: ab@example.ac.uk',
    'anna.b@example.ac.uk: ab@example.ac.uk',
    'b@example.ac.uk: b@example.ac.uk',
    'berta@example.ac.uk: b@example.ac.uk',
    'cora@example.ac.uk: cora@example.ac.uk',
  ]);
  const { failure } = await run(
    'misspelt',
    'type = "x500"\naddress_attributes = ["mail", "mailAlternateAdress"]',
  );
  expect(failure).toContain("there is no attribute mailAlternateAdress in the server's schema");
});

test.each([
  ['size=200', 'type = "openldap"', /sizeLimitExceeded .*a higher limit for this account/],
  ['size=200', 'type = "x500"', /sizeLimitExceeded .*a higher limit for this account/],
  ['size=200 size.prtotal=unlimited', 'type = "openldap"', undefined],
  ['size.pr=50 size.prtotal=unlimited', 'type = "openldap"', /adminLimitExceeded .*page_size/],
  ['size.pr=200 size.prtotal=unlimited', 'type = "openldap"\npage_size = 200', undefined],
])('where OpenLDAP has sizelimit %s, %j gives all or nothing, and says why', async (limit, keys, problem) => {
  const limited = await start('limited', `sizelimit ${limit}`);
  try {
    const { failure, lines } = await run('limited', keys, limited);
    if (problem === undefined) expect(lines()).toEqual(wanted);
    else expect(failure).toMatch(problem);
  } finally {
    await limited.stop();
    rmSync(join(folder, 'limited'), { recursive: true });
  }
});

test('where OpenLDAP refuses pages of the usual size, smaller ones are asked for, and the run says so', async () => {
  const limited = await start('pages', 'sizelimit size.pr=200 size.prtotal=unlimited');
  try {
    const usual = await run('pages', 'type = "openldap"\ndelta = "none"', limited);
    expect(usual.lines()).toEqual(wanted);
    expect(usual.pageLimit).toBe(100);
    expect(usual.said).toContain('page_size = 100 saves that');
    const small = await run('pages', 'type = "openldap"\ndelta = "none"\npage_size = 100', limited);
    expect(small.lines()).toEqual(wanted);
    expect(small.pageLimit).toBeUndefined();
    expect(usual.requests - small.requests, 'pages of 20000, 5000, 1000 and 500 in vain').toBe(4);
  } finally {
    await limited.stop();
    rmSync(join(folder, 'pages'), { recursive: true });
  }
});

test('settings for Active Directory find no addresses here, and say so', async () => {
  const { failure } = await run('ad', '');
  expect(failure).toContain("there is no attribute proxyAddresses in the server's schema");
});
