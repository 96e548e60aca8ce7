import { extract } from '../../src/ldap/extract.ts';
import type { DirectorySettings, RecipientSink } from '../../src/ldap/types.ts';
import { filters } from '../two-tables.ts';

/** The program that is measured: one extraction for two tables, its entries counted and thrown away. */
const [url, bindDn, passwordFile, base] = process.argv.slice(2);
const settings: DirectorySettings = {
  name: 'bench',
  urls: [url],
  base,
  bindDn,
  passwordFile,
  caFile: undefined,
  starttls: false,
  allowPlaintext: true,
  pageSize: 20_000,
  connectTimeout: 10_000,
  operationTimeout: 60_000,
  extractionTimeout: 600_000,
  retryFor: 0,
  maxEntriesPerSecond: undefined,
  addressAttributes: ['proxyAddresses'],
  areUsualAttributes: true,
  idAttribute: undefined,
  delta: 'none',
};
const key = [{ name: 'address' }];
const values = [[{ name: 'primary' }], [{ name: 'targetAddress' }]];
const counts = [0, 0];
const sink: RecipientSink = {
  begin() {
    counts.fill(0);
  },
  changed() {},
  objects() {},
  entries(selection, { count }) {
    counts[selection] += count;
  },
  rejected() {},
  restart(selection) {
    counts[selection] = 0;
  },
};
const selections = filters.map((filter, i) => ({ filter, key, value: values[i], domains: undefined }));
const { report } = await extract(settings, selections, sink);
if (report.ownSearches.length > 0) throw new Error('the filters did not share a search');
console.log(JSON.stringify({ counts, ...report }));
