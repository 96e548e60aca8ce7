import { expect, onTestFinished, test } from 'vitest';
import type { Fault } from '../../fixtures/server/fault.ts';
import { startFixtureServer } from '../../fixtures/server/server.ts';
import { DirectoryError } from '../../src/ldap/error.ts';
import type { DirectorySettings } from '../../src/ldap/types.ts';
import { collect, settingsFor } from '../ldap/collect.ts';
import { directoryFed, directoryOf, fileFed, Hub, numbered } from '../tables/hub.ts';

const wanted = numbered(0, 320);
/** With other entries, and other names for the same people: what is left of it would be seen. */
const stale = new Map([...numbered(0, 300)].map(([key]) => [key, 'stale@mail.example.ac.uk']));
const pageSize = 50;
const pages = Array.from({ length: Math.ceil(wanted.size / pageSize) }, (_, i) => i + 1);

type OfPage = (page: number) => Fault;
const breaks: [string, OfPage][] = [
  ['drop before the first entry', (page) => ({ kind: 'drop', page })],
  ['drop', (page) => ({ kind: 'drop', page, entry: 11 })],
  ['hang', (page) => ({ kind: 'hang', page, entry: 11 })],
  ['garbage', (page) => ({ kind: 'garbage', page, entry: 11 })],
  ['busy', (page) => ({ kind: 'result', result: 'busy', page, entry: 11 })],
  ['unavailable', (page) => ({ kind: 'result', result: 'unavailable', page, entry: 0 })],
  ['no-control', (page) => ({ kind: 'no-control', page })],
];
const refuses: [string, OfPage][] = (
  ['sizeLimitExceeded', 'timeLimitExceeded', 'adminLimitExceeded', 'operationsError', 'referral'] as const
).map((result) => [result, (page) => ({ kind: 'result', result, page, entry: 11 })]);
/** On a last page there is no cookie to repeat. */
const circle: [string, OfPage] = [
  'same-cookie',
  (page) => ({ kind: 'same-cookie', page: Math.min(page, 5) }),
];

test.each([...breaks, ...refuses, circle])(
  '%s, at any page: a failed source, and nothing of the table is touched',
  async (_, fault) => {
    const hub = new Hub();
    hub.configure(directoryFed('exch_table', 'max_added = "100%"') + fileFed('mlist_table'));
    hub.put('in/mlist_table.dat', numbered(0, 10));
    await hub.serve(numbered(0, 20));
    await hub.build();
    const server = await hub.serve(wanted);
    const before = hub.stamps();
    for (const page of pages) {
      server.setFault(fault(page));
      const { tables, directories } = await hub.build();
      expect(tables).toMatchObject([
        { name: 'exch_table', outcome: 'failed', failure: { cause: 'source' } },
        { name: 'mlist_table', outcome: 'unchanged' },
      ]);
      expect(directories).toMatchObject([{ report: undefined, servers: [{ url: server.url, attempts: 1 }] }]);
      // The root DSE, perhaps the schema, and what came of the pages.
      expect(directories[0]?.servers[0]?.entries).toBeGreaterThanOrEqual((page - 2) * pageSize);
      expect(hub.stamps()).toEqual(before);
    }
  },
  60_000,
);

test.each([...breaks, circle])(
  '%s, at any page: the next server gives the whole answer',
  async (_, fault) => {
    const [first, second] = await Promise.all(
      [stale, wanted].map((entries) => startFixtureServer({ ldif: directoryOf(entries) })),
    );
    if (first === undefined || second === undefined) throw new Error('no servers');
    onTestFinished(async () => {
      await Promise.all([first.stop(), second.stop()]);
    });
    const hub = new Hub();
    const settings: DirectorySettings = settingsFor([first.url, second.url], {
      base: first.base,
      bindDn: 'CN=reader,DC=ad,DC=example,DC=ac,DC=uk',
      passwordFile: hub.at('secret'),
      allowPlaintext: true,
      pageSize,
      operationTimeout: 1000,
    });
    const selection = {
      filter: '(targetAddress=*)',
      key: [{ name: 'address' }],
      value: [{ name: 'targetAddress' }],
      domains: undefined,
    };
    for (const page of pages.slice(0, Math.ceil(stale.size / pageSize))) {
      first.setFault(fault(page));
      const { entries, report } = await collect(settings, [selection]);
      expect(entries[0]?.toSorted()).toEqual([...wanted].map(([key, value]) => `${key}: ${value}`));
      expect(report).toMatchObject({ url: second.url, failedServers: [{ url: first.url }] });
      expect(report.servers.map(({ url }) => url)).toEqual([first.url, second.url]);
    }
    // Where the second fails as well, what both gave is not one answer.
    first.setFault(fault(2));
    second.setFault(fault(4));
    const error = await collect(settings, [selection]).catch((reason: unknown) => reason);
    if (!(error instanceof DirectoryError)) throw new Error(`no DirectoryError: ${String(error)}`);
    expect(error).toMatchObject({ url: second.url, failedServers: [{ url: first.url }] });
  },
  60_000,
);
