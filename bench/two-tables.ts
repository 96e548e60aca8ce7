import { join } from 'node:path';

const exchange = '(&(proxyAddresses=*)(homeMDB=*))';
const office365 = '(&(proxyAddresses=*)(targetAddress=*)(msExchRecipientTypeDetails=2147483648))';

/** The filters of the two tables that most benchmarks build from a directory, and what a build of them asks for. */
export const filters = [exchange, office365];
export const attributes = [
  'entryUUID',
  'proxyAddresses',
  'targetAddress',
  'homeMDB',
  'msExchRecipientTypeDetails',
];

export interface Account {
  readonly url: string;
  readonly base: string;
  readonly bindDn: string;
  readonly passwordFile: string;
}

/** A hub with these two tables, in `etc` and `state` of a folder. */
export function twoTables(folder: string, { url, base, bindDn, passwordFile }: Account): string {
  return `tables_dir = "${join(folder, 'etc')}"
state_dir = "${join(folder, 'state')}"
format = "bdb"
[directory.ad]
urls = ["${url}"]
base = "${base}"
bind_dn = "${bindDn}"
password_file = "${passwordFile}"
allow_plaintext = true
[[tables.exch_table.sources]]
directory = "ad"
filter = "${exchange}"
key = "{address}"
value = "{primary}"
[[tables.o365_table.sources]]
directory = "ad"
filter = "${office365}"
key = "{address}"
value = "{targetAddress}"
`;
}
