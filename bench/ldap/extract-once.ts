import { extract } from '../../src/ldap/extract.ts';
import type { DirectorySettings, RecipientSink } from '../../src/ldap/types.ts';

/** The program that is measured: one extraction for two tables, its entries counted and thrown away. */
const [url = '', bindDn = '', passwordFile = '', base = ''] = process.argv.slice(2);
const settings: DirectorySettings = {
  name: 'bench',
  urls: [url],
  base,
  bindDn,
  passwordFile,
  caFile: undefined,
  starttls: false,
  allowPlaintext: true,
  pageSize: 1000,
  connectTimeout: 10_000,
  operationTimeout: 60_000,
  addressAttribute: 'proxyAddresses',
};
const key = [{ name: 'address' }];
const counts = [0, 0];
const sink: RecipientSink = {
  entry(selection) {
    counts[selection]++;
  },
  rejected() {},
  restart(selection) {
    counts[selection] = 0;
  },
};
const report = await extract(
  settings,
  [
    { filter: '(homeMDB=*)', key, value: [{ name: 'primary' }], domains: undefined },
    { filter: '(targetAddress=*)', key, value: [{ name: 'targetAddress' }], domains: undefined },
  ],
  sink,
);
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
console.log(
  JSON.stringify({
    counts,
    entries: report.entries,
    requests: report.requests,
    milliseconds: Math.round(report.milliseconds),
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    residentMegabytes: Math.round(maxRSS / 1024),
  }),
);
