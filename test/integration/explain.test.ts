import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LdifRecord, readLdif } from '../../fixtures/ldif.ts';
import { type FixtureServer, startFixtureServer } from '../../fixtures/server/server.ts';
import { build } from '../../src/tables/build.ts';
import { addOverride } from '../../src/tables/decisions/override.ts';
import { type Explanation, explainAddress } from '../../src/tables/questions/explain.ts';
import { campus, configureHub } from './campus-hub.ts';
import { type ExpectedTable, expectCampus, type TableName } from './expectation.ts';

const order: readonly TableName[] = ['exch_table', 'o365_table', 'mlist_table', 'sm_table', 'local_domains'];
const folder = mkdtempSync(join(tmpdir(), 'mailhub-explain-'));
let server: FixtureServer;

/** The configuration of a hub that asks `server`. */
const configuration = () => configureHub(folder, { urls: [server.url], allowPlaintext: true });

/** The tables that have a key, with the values, as the files of the campus say. */
function claims(expected: Record<TableName, ExpectedTable>, key: string): [string, string][] {
  return order.flatMap((name): [string, string][] => {
    const value = expected[name].entries.get(key);
    return value === undefined ? [] : [[name, value]];
  });
}

const shown = ({ found }: Explanation) => found.map(({ table, value }): [string, string] => [table, value]);

describe('explain, for every address of the campus', () => {
  beforeAll(async () => {
    server = await startFixtureServer({ ldif: join(campus, 'directory.ldif') });
    await build(await configuration());
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('names the tables and values that the files of the campus say, before and after changes', async () => {
    const expected = await expectCampus(campus);
    const config = await configuration();
    const keys = new Set(order.flatMap((name) => [...expected[name].entries.keys()]));
    expect(keys.size).toBeGreaterThan(1000);
    for (const key of keys) {
      const explanation = await explainAddress(config, key, { offline: true });
      expect(shown(explanation), key).toEqual(claims(expected, key));
      expect(explanation.changes).toEqual([]);
      expect(explanation.found.every(({ historyBegins }) => historyBegins instanceof Date)).toBe(true);
    }

    // A person in a hundred leaves, and a newcomer is added by hand.
    const { records, gone, moved } = afterTerm(await everything());
    await server.stop();
    server = await startFixtureServer({ ldif: records });
    const after = await configuration();
    await build(after, { force: true });
    const newcomer = { table: 'o365_table', key: 'new@example.ac.uk', value: 'n@x', expires: undefined };
    await addOverride(after, { ...newcomer, who: 'pat', why: 'ticket' });

    expect(gone.size).toBeGreaterThan(3);
    for (const key of keys) {
      const explanation = await explainAddress(after, key, { offline: true });
      const wasIn = claims(expected, key).filter(([name]) => name === 'exch_table' || name === 'o365_table');
      if (!gone.has(key) || wasIn.length === 0 || moved.has(key)) continue;
      expect(
        explanation.found.filter(({ table }) => wasIn.some(([name]) => name === table)),
        key,
      ).toEqual([]);
      expect(
        explanation.gone.map(({ table, value }) => [table, value]),
        key,
      ).toEqual(wasIn);
      expect(explanation.gone[0].run.command).toBe('build');
      expect(explanation.gone[0].origin?.dn.toLowerCase(), key).toBe(gone.get(key)?.toLowerCase());
      expect(explanation.gone[0].departure?.what).toMatch(/deleted|unknown/);
    }
    const [first] = (await explainAddress(after, 'New@example.ac.uk')).found;
    expect(first).toMatchObject({
      table: 'o365_table',
      override: { who: 'pat' },
      since: { command: 'override' },
    });
  }, 120_000);

  it.each<[string, string, string]>([
    ['nobody has it', 'nobody.at.all@example.ac.uk', 'not-in-directory'],
    ['its domain is not ours', 'somebody@elsewhere.example', 'not-local'],
    ['it is no address', 'no address', 'no-address'],
  ])('says why it was never taken: %s', async (_, address, kind) => {
    const { found, reasons } = await explainAddress(await configuration(), address);
    expect(found).toEqual([]);
    expect(reasons.map((reason) => reason.kind)).toContain(kind);
  });

  it('says so when an object has it that no filter matches', async () => {
    const system = await systemMailbox();
    const { reasons } = await explainAddress(await configuration(), system.address);
    expect(reasons).toContainEqual({
      kind: 'no-filter',
      message: expect.stringContaining('has it, but no filter'),
    });
  });
});

type Records = readonly LdifRecord[];

async function everything(): Promise<LdifRecord[]> {
  const records: LdifRecord[] = [];
  for await (const record of readLdif(join(campus, 'directory.ldif'))) records.push(record);
  return records;
}

/** The directory without every hundredth person. */
function afterTerm(all: Records): { records: Records; gone: Map<string, string>; moved: Set<string> } {
  const gone = new Map<string, string>();
  const addresses = (record: Records[number]): string[] =>
    record.attributes.flatMap(([name, value]) =>
      name.toLowerCase() === 'proxyaddresses'
        ? [
            value
              .toString()
              .replace(/^smtp:/i, '')
              .toLowerCase(),
          ]
        : [],
    );
  let people = 0;
  const records = all.filter((record) => {
    if (addresses(record).length === 0 || ++people % 100 !== 0) return true;
    for (const address of addresses(record)) gone.set(address, record.dn);
    return false;
  });
  // What somebody else has too does not go.
  const moved = new Set(records.flatMap(addresses));
  return { records, gone, moved };
}

/** One of Exchange's own mailboxes, which the filters leave out. */
async function systemMailbox(): Promise<{ address: string }> {
  for await (const { attributes } of readLdif(join(campus, 'directory.ldif'))) {
    const values = (wanted: string): string[] =>
      attributes.flatMap(([name, value]) => (name.toLowerCase() === wanted ? [value.toString()] : []));
    const [address] = values('proxyaddresses').filter((value) => /^smtp:[^@]+@example\.ac\.uk$/i.test(value));
    if (values('msexchrecipienttypedetails').includes('8388608') && address !== undefined) {
      return { address: address.replace(/^smtp:/i, '') };
    }
  }
  throw new Error('the campus has no system mailbox');
}
