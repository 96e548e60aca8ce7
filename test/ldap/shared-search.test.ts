import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Collected, collect, settingsFor } from './collect.ts';
import { manager, managerPassword, type Slapd, startSlapd, suffix } from './slapd.ts';

const reader = `cn=reader,${suffix}`;
let folder: string;
let slapd: Slapd;

const people: readonly (readonly [name: string, attributes: string])[] = [
  ['anna', 'xIgnore: Anna\nxUnreadable: a\nxHidden: a\nxInteger: 512'],
  ['bo', 'xIgnore: Bo\nxInteger: 514'],
  ['cy', 'xIgnore: Cy  Twice\nxAlias: c'],
  ['du', 'xAlias: d\nxHidden: d'],
];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ldap-shared-'));
  writeFileSync(join(folder, manager), managerPassword, { mode: 0o600 });
  writeFileSync(join(folder, reader), 'reader-secret', { mode: 0o600 });
  const records = people.map(
    ([name, attributes]) => `dn: cn=${name},${suffix}\ncn: ${name}\nobjectClass: xPerson\n${attributes}\n`,
  );
  const ldif = [
    `dn: ${suffix}\nobjectClass: xDomain\ndc: test\n`,
    `dn: ${reader}\nobjectClass: xBase\ncn: reader\nuserPassword: reader-secret\n`,
    ...records,
  ].join('\n');
  writeFileSync(join(folder, 'ldif'), ldif);
  slapd = await startSlapd({
    folder: join(folder, 'slapd'),
    schema: [join(import.meta.dirname, 'rules.schema')],
    ldif: join(folder, 'ldif'),
    databaseLines: [
      'access to attrs=userPassword by anonymous auth by * none',
      'access to attrs=xUnreadable by * search',
      'access to attrs=xHidden by * none',
      'access to * by * read',
    ],
  });
});

afterAll(async () => {
  await slapd?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Who matches each of the filters, and what it took. */
async function found(
  filters: readonly string[],
  bindDn = reader,
): Promise<{ names: readonly string[]; reasons: readonly string[]; collected: Collected }> {
  const settings = settingsFor([slapd.url], {
    bindDn,
    passwordFile: join(folder, bindDn),
    allowPlaintext: true,
    base: suffix,
  });
  const collected = await collect(
    settings,
    filters.map((filter) => ({ filter, key: [{ name: 'cn' }], value: ['x'], domains: undefined })),
  );
  const names = collected.entries.map((some) =>
    some
      .map((entry) => entry.replace(': x', ''))
      .sort()
      .join(' '),
  );
  return {
    names,
    reasons: collected.report.ownSearches.map(({ filter, reason }) => `${filter} ${reason}`),
    collected,
  };
}

test('filters that can be told apart share one search', async () => {
  const { names, reasons, collected } = await found([
    '(&(objectClass=xBase)(xAlias=*))',
    '(xInteger:1.2.840.113556.1.4.803:=2)',
    '(&(xInteger>=1)(!(xInteger=514)))',
    '(xIgnore=an*)',
    '(|(unknownAttribute=*)(xOtherName=D))',
    '(&(objectClass=xHuman)(!(unknownAttribute=x)))',
  ]);
  expect(names).toEqual(['cy du', 'bo', 'anna', 'anna', 'du', '']);
  expect(reasons).toEqual([]);
  // The bind, the root DSE, the schema, and the recipients.
  expect(collected.report.requests).toBe(4);
  expect(collected.restarts).toEqual([]);
});

test('equal filters are one filter', async () => {
  const { names, collected } = await found(['(xAlias=c)', '(xAlias=c)', '(xAlias=\\63)']);
  expect(names).toEqual(['cy', 'cy', 'cy']);
  expect(collected.report.requests).toBe(4);
});

test.each([
  ['(xName=cn=a)', 'distinguishednamematch'],
  ['(xAlias~=c)', 'an approximate match'],
  ['(cn:dn:=anna)', 'of an extensible match'],
  ['(cn:caseExactMatch:=anna)', 'caseExactMatch'],
  ['(name=anna)', 'name has subtypes'],
  ['(xSuper=a)', 'xSuper has subtypes'],
  ['(entryUUID=*)', 'entryUUID is an operational attribute'],
  ['(cn;lang-de=anna)', 'cn;lang-de has options'],
  ['(anr=anna)', 'ambiguous name resolution'],
  ['(objectClass=noSuchClass)', 'noSuchClass is not in'],
  ['(xAlias=)', 'the value asserted of xAlias'],
  ['(xInteger=007)', 'the value asserted of xInteger'],
])('%s is left to the server', async (filter, reason) => {
  const { names, reasons, collected } = await found([filter, '(xAlias=c)', `(|(xAlias=d)${filter})`]);
  expect(names[1]).toBe('cy');
  expect(reasons).toHaveLength(2);
  for (const text of reasons) expect(text).toContain(reason);
  expect(collected.report.requests).toBe(6);
});

test('one value that only the server can compare sends its filter, and no other, to the server', async () => {
  const { names, reasons, collected } = await found(['(xIgnore=cy twice)', '(xIgnore=*)']);
  expect(names).toEqual(['cy', 'anna bo cy']);
  expect(reasons).toEqual([`(xIgnore=cy twice) only the server can tell whether it matches cn=cy,${suffix}`]);
  expect(collected.restarts).toEqual([0]);
});

test('an attribute that the account may not read is found out', async () => {
  const readable = await found(['(xUnreadable=a)', '(xAlias=*)'], manager);
  expect(readable).toMatchObject({ names: ['anna', 'cy du'], reasons: [] });
  const searchable = await found(['(xUnreadable=a)', '(|(xUnreadable=a)(xAlias=*))']);
  expect(searchable.names).toEqual(['anna', 'anna cy du']);
  expect(searchable.reasons.length).toBeGreaterThan(0);

  const hidden = await found(['(&(xAlias=*)(xHidden=d))', '(xAlias=*)', '(&(xAlias=*)(!(xHidden=d)))']);
  expect(hidden.names).toEqual(['', 'cy du', '']);
  expect(hidden.reasons).toEqual(["(&(xAlias=*)(!(xHidden=d))) the account can't read xHidden"]);
  expect((await found(['(xAlias=*)', '(&(xAlias=*)(!(xHidden=d)))'], manager)).names).toEqual([
    'cy du',
    'cy',
  ]);
});

test('an attribute that nobody has is no reason for a search of its own', async () => {
  const { names, reasons } = await found(['(&(xAlias=*)(!(xNever=*)))', '(|(xAlias=c)(xNever=x))']);
  expect(names).toEqual(['cy du', 'cy']);
  expect(reasons).toEqual([]);
});

test('references, pages and progress are those of all searches together', async () => {
  const { collected } = await found(['(cn~=anna)', '(xAlias=*)']);
  expect(collected.report.entries).toBe(3);
  expect(collected.report.selections.map(({ recipients }) => recipients)).toEqual([1, 2]);
});

test('a template with an attribute that the server does not know is a mistake, not a lack of every recipient', async () => {
  const settings = settingsFor([slapd.url], { base: suffix });
  const selection = {
    filter: '(cn=*)',
    key: [{ name: 'cn' }],
    value: [{ name: 'targetAdress' }],
    domains: undefined,
  };
  await expect(collect(settings, [selection])).rejects.toThrow(
    `${slapd.url}: there is no attribute targetAdress in the server's schema`,
  );
  await expect(collect(settings, [{ ...selection, value: [{ name: 'primary' }] }])).rejects.toThrow(
    'proxyAddresses',
  );
});
