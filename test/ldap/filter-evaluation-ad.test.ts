import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { Client, ResultCodeError } from 'ldapts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Filter } from '../../src/ldap/filter.ts';
import { record } from '../samba/ldif-text.ts';
import { type Samba, startSamba } from '../samba/samba.ts';
import { activeDirectoryVocabulary } from './active-directory-vocabulary.ts';
import { type Collected, collect, settingsFor } from './collect.ts';
import { Encoded } from './encoded-filter.ts';
import { filterText, randomEntries, randomFilters, randomItems, type Vocabulary } from './random-filters.ts';

/** `LONG_RUN=20` tries twenty times as many. */
const effort = Number(process.env.LONG_RUN ?? 1);
let samba: Samba;
let base: string;
let vocabulary: Vocabulary;
let clients: ReadonlyMap<string, Client>;

beforeAll(async () => {
  samba = await startSamba();
  base = `OU=Filters,${samba.base}`;
  const entries = fc.sample(randomEntries(activeDirectoryVocabulary([])), { numRuns: 150, seed: 20 });
  const records = entries.map(({ classes, attributes }, number) =>
    record(`CN=e${number},${base}`, [
      ['changetype', 'add'],
      ...classes.map((name) => ['objectClass', name] as const),
      ['sAMAccountName', `e${number}`],
      ...attributes.flatMap(([name, values]) => values.map((value) => [name, value] as const)),
    ]),
  );
  await samba.change(
    [`dn: ${base}\nchangetype: add\nobjectClass: organizationalUnit\n`, ...records].join('\n'),
  );
  const admin = await connect(samba.adminDn, samba.adminPassword);
  clients = new Map([
    [samba.adminDn, admin],
    [samba.bindDn, await connect(samba.bindDn, samba.password)],
  ]);
  vocabulary = activeDirectoryVocabulary(await guids(admin));
});

afterAll(async () => {
  for (const client of clients?.values() ?? []) await client.unbind();
  await samba?.stop();
});

async function connect(bindDn: string, password: string): Promise<Client> {
  const tlsOptions = { ca: readFileSync(samba.caFile) };
  const client = new Client({ url: samba.ldapsUrl, tlsOptions });
  await client.bind(bindDn, password);
  return client;
}

async function guids(client: Client): Promise<Buffer[]> {
  const attributes = ['objectGUID'];
  const { searchEntries } = await client.search(base, {
    filter: '(cn=e*)',
    attributes,
    explicitBufferAttributes: attributes,
  });
  return searchEntries.flatMap(({ objectGUID }) => (Buffer.isBuffer(objectGUID) ? [objectGUID] : []));
}

/** Undefined when the server refuses the filter. */
async function searched(client: Client, filter: Filter): Promise<string[] | undefined> {
  try {
    const { searchEntries } = await client.search(base, { filter: new Encoded(filter), attributes: ['cn'] });
    return searchEntries.flatMap(({ cn }) => (typeof cn === 'string' ? [cn] : [])).sort();
  } catch (error) {
    if (error instanceof ResultCodeError) return undefined;
    throw error;
  }
}

async function extracted(filters: readonly string[], bindDn: string): Promise<Collected> {
  return collect(
    settingsFor([samba.ldapsUrl], {
      base,
      bindDn,
      passwordFile: bindDn === samba.adminDn ? samba.adminPasswordFile : samba.passwordFile,
      caFile: samba.caFile,
    }),
    filters.map((filter) => ({ filter, key: [{ name: 'cn' }], value: ['x'], domains: undefined })),
  );
}

test(
  'every filter finds the entries here that a domain controller finds for it, and so does its opposite',
  async () => {
    let filters = 0;
    let own = 0;
    const several = { minLength: 4, maxLength: 6 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(randomItems(vocabulary), several),
        fc.array(randomFilters(vocabulary), several),
        fc.constantFrom(...clients),
        async (items, combined, [bindDn, client]) => {
          const opposites = items.map((filter) => ({ kind: 'not', filter }) as const);
          const theirs: [string, string[]][] = [];
          for (const filter of [...items, ...opposites, ...combined]) {
            const names = await searched(client, filter);
            if (names !== undefined) theirs.push([filterText(filter), names]);
          }
          const texts = theirs.map(([text]) => text);
          const { entries, report } = await extracted(texts, bindDn);
          const names = entries.map((some) => some.map((entry) => entry.replace(': x', '')).sort());
          expect(texts.map((text, index) => [text, names[index]])).toEqual(theirs);
          filters += texts.length;
          own += report.ownSearches.length;
        },
      ),
      { numRuns: 30 * effort },
    );
    // Otherwise it would be the server that is compared with itself.
    expect(own / filters).toBeLessThan(0.8);
  },
  120_000 * effort,
);
