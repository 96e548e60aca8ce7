// Reading changed objects by their ids against reading all of them, from slapd on loopback with and without an index of ids:
// `npx tsx bench/ids/main.ts [RECIPIENTS] [RUNS]`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'ldapts';
import { startSlapd } from '../../test/integration/slapd.ts';
import { writeDirectory } from '../build/directory.ts';
import { measure, median } from '../measure.ts';
import { quick, report } from '../result.ts';
import { timeOfServer } from '../server-time.ts';

const recipients = Number(process.argv[2] ?? (quick ? 20_000 : 100_000));
const runs = Number(process.argv[3] ?? 5);
/** Ids in one filter, as src/ldap/changes/ids.ts has it. */
const BATCH = 200;
const filter = '(proxyAddresses=*)';
const attributes = ['entryUUID', 'proxyAddresses', 'targetAddress', 'homeMDB'];

const work = mkdtempSync(join(tmpdir(), 'bench-ids-'));
const rows: (string | number)[][] = [];
try {
  const ldif = join(work, 'directory.ldif');
  writeDirectory(ldif, recipients);
  for (const tellsChanges of [true, false]) await compare(ldif, tellsChanges);
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** @param hasIndex of entryUUID and of objectClass */
async function compare(ldif: string, hasIndex: boolean): Promise<void> {
  const slapd = await startSlapd({ ldif, references: false, tellsChanges: hasIndex });
  try {
    const { url, base, bindDn, passwordFile, password, pid } = slapd;
    const client = new Client({ url });
    await client.bind(bindDn, password);
    const { searchEntries } = await client.search(base, {
      filter,
      attributes: ['entryUUID'],
      paged: { pageSize: 1000 },
    });
    await client.unbind();
    const ids = searchEntries.map(({ entryUUID }) => String(entryUUID));
    const search = (text: string) => [
      ...['ldapsearch', '-x', '-LLL', '-H', url, '-D', bindDn, '-y', passwordFile, '-b', base],
      ...['-E', 'pr=5000/noprompt', text, ...attributes],
    ];
    const all = search(filter);
    const batches = Array.from({ length: hasIndex ? 20 : 1 }, (_, n) => {
      // From all over the directory.
      const some = Array.from({ length: BATCH }, (_, i) => ids[Math.floor((i * ids.length) / BATCH) + n]);
      return search(`(&(|${some.map((id) => `(entryUUID=${id})`).join('')})${filter})`);
    });
    measure(all);
    const full: number[] = [];
    const byId: number[] = [];
    for (let run = 0; run < runs; run++) {
      full.push(timeOfServer(pid, () => measure(all)).seconds);
      const { seconds } = timeOfServer(pid, () => {
        for (const batch of batches) measure(batch);
      });
      byId.push(seconds / batches.length);
    }
    const breakEven = Math.round((median(full) / median(byId)) * BATCH);
    rows.push([hasIndex ? 'with an index' : 'without', median(full), median(byId).toFixed(4), breakEven]);
  } finally {
    await slapd.stop();
  }
}

report({
  name: 'ids',
  title: `Changed objects read by their ids, ${BATCH} at a time, and all ${recipients}: processor time of slapd`,
  command: `npx tsx bench/ids/main.ts ${recipients} ${runs}`,
  columns: ['entryUUID', 'everything, s', `${BATCH} by id, s`, 'break-even, objects'],
  rows,
  notes: ['The break-even is how many changed objects take the server as long as all of them.'],
});
