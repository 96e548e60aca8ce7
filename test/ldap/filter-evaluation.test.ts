import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { Client } from 'ldapts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { extract } from '../../src/ldap/extract.ts';
import type { Filter } from '../../src/ldap/filter.ts';
import type { DirectoryReport } from '../../src/ldap/types.ts';
import { settingsFor } from './collect.ts';
import { Encoded } from './encoded-filter.ts';
import { FoundTexts } from './found-texts.ts';
import { filterText, type RandomEntry, randomEntries, randomFilters, randomItems } from './random-filters.ts';
import { rulesVocabulary } from './rules-vocabulary.ts';
import { manager, managerPassword, type Slapd, startSlapd, suffix } from './slapd.ts';

const run = promisify(execFile);
const reader = `cn=reader,${suffix}`;
const readerPassword = 'reader-secret';

let folder: string;
let slapd: Slapd;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ldap-filters-'));
  const entries = fc.sample(randomEntries(rulesVocabulary), { numRuns: 300, seed: 20 });
  writeFileSync(join(folder, 'entries.ldif'), ldif(entries));
  writeFileSync(join(folder, manager), managerPassword, { mode: 0o600 });
  writeFileSync(join(folder, reader), readerPassword, { mode: 0o600 });
  slapd = await startSlapd({
    folder: join(folder, 'slapd'),
    schema: [join(import.meta.dirname, 'rules.schema')],
    ldif: join(folder, 'entries.ldif'),
    databaseLines: [
      'index objectClass eq',
      'index xIgnore,xExact pres,eq,sub',
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

test('every filter finds the entries here that slapd finds for it', async () => {
  let filters = 0;
  let own = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(randomFilters(rulesVocabulary).map(filterText), { minLength: 2, maxLength: 4 }),
      fc.constantFrom(manager, reader),
      async (texts, bindDn) => {
        const [ours, theirs] = await Promise.all([
          extracted(texts, bindDn),
          Promise.all(texts.map((text) => searched(text, bindDn))),
        ]);
        expect(ours.names).toEqual(theirs);
        filters += texts.length;
        own += ours.report.ownSearches.length;
      },
    ),
    { numRuns: 200 },
  );
  // Otherwise it would be slapd that is compared with itself.
  expect(own / filters).toBeLessThan(0.6);
});

test('every kind of comparison comes to what it comes to on slapd, and so does its opposite', async () => {
  const client = new Client({ url: slapd.url });
  await client.bind(manager, managerPassword);
  const found = async (filter: Filter) => {
    const { searchEntries } = await client.search(suffix, {
      filter: new Encoded(filter),
      attributes: ['cn'],
    });
    // The suffix itself has no cn.
    return searchEntries.flatMap(({ cn }) => (typeof cn === 'string' ? [cn] : [])).sort();
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(randomItems(rulesVocabulary), { minLength: 8, maxLength: 8 }),
      async (items) => {
        const filters = items.flatMap((item) => [item, { kind: 'not', filter: item } as const]);
        const ours = await extracted(filters.map(filterText), manager);
        for (const [i, filter] of filters.entries())
          expect([filterText(filter), ours.names[i]]).toEqual([filterText(filter), await found(filter)]);
      },
    ),
    { numRuns: 250 },
  );
  await client.unbind();
});

async function extracted(
  filters: readonly string[],
  bindDn: string,
): Promise<{ names: string[][]; report: DirectoryReport }> {
  const settings = settingsFor([slapd.url], {
    base: suffix,
    bindDn,
    passwordFile: join(folder, bindDn),
    allowPlaintext: true,
  });
  const names: string[][] = filters.map(() => []);
  const texts = new FoundTexts();
  const { report } = await extract(
    settings,
    filters.map((filter) => ({ filter, key: [{ name: 'cn' }], value: ['x'], domains: undefined })),
    {
      begin: () => {},
      changed: () => {},
      objects: () => {},
      entries: (selection, found) =>
        names[selection]?.push(...texts.read(selection, found).map(({ key }) => key)),
      rejected: () => {},
      restart: (selection) => {
        texts.forget(selection);
        names[selection] = [];
      },
    },
  );
  return { names: names.map((some) => some.sort()), report };
}

/** The same by OpenLDAP's own client. */
async function searched(filter: string, bindDn: string): Promise<string[]> {
  const { stdout } = await run(
    'ldapsearch',
    [
      '-x',
      '-LLL',
      '-o',
      'ldif-wrap=no',
      '-H',
      slapd.url,
      '-D',
      bindDn,
      '-y',
      join(folder, bindDn),
      '-b',
      suffix,
      filter,
      'cn',
    ],
    { maxBuffer: 1 << 24 },
  );
  return [...stdout.matchAll(/^cn: (.*)$/gm)].map((match) => match[1] ?? '').sort();
}

function ldif(entries: readonly RandomEntry[]): string {
  const records = entries.map(({ classes, attributes }, number) =>
    [
      `dn: cn=e${number},${suffix}`,
      `cn: e${number}`,
      ...classes.map((name) => `objectClass: ${name}`),
      ...attributes.flatMap(([name, values]) =>
        values.map((value) => `${name}:: ${value.toString('base64')}`),
      ),
      '',
    ].join('\n'),
  );
  return [
    `dn: ${suffix}\nobjectClass: xDomain\ndc: test\n`,
    `dn: ${reader}\nobjectClass: xBase\ncn: reader\nuserPassword: ${readerPassword}\n`,
    ...records,
  ].join('\n');
}
