import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { Attribute, Change } from 'ldapts';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import type { LdifRecord } from '../../fixtures/ldif.ts';
import { loadConfig } from '../../src/config/load.ts';
import { formats } from '../../src/dbm/index.ts';
import { build } from '../../src/tables/build.ts';
import type { BuildReport } from '../../src/tables/report.ts';
import { type LivingServer, startLiving } from '../ldap/deltas/fixture.ts';

/** Whether tables are put together from what changed, where that can be. */
const way = vi.hoisted(() => ({ isShort: true, taken: 0 }));

vi.mock('../../src/tables/changed-table.ts', async (importOriginal) => {
  const { changedTable } = await importOriginal<typeof import('../../src/tables/changed-table.ts')>();
  const changed: typeof changedTable = (...table) => {
    const found = way.isShort ? changedTable(...table) : undefined;
    if (found !== undefined) way.taken++;
    return found;
  };
  return { changedTable: changed };
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Memory where there is some: every run is fsynced. */
const room = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const base = 'DC=ad,DC=example,DC=ac,DC=uk';
const tables = ['exch_table', 'o365_table', 'all_table'];

/** So many that a file has several pages; some have an address that others claim, too. */
function crowd(count: number): LdifRecord[] {
  return Array.from({ length: count }, (_, i): LdifRecord => {
    const long = `${'p'.repeat(20 + (i % 40))}${i}@${'department.'.repeat(8)}example.org`;
    const values = [`SMTP:person${i}@example.org`, `smtp:${long}`];
    if (i % 500 === 0) values.push(`smtp:name${(i / 500) % 3}@example.org`);
    const attributes: [string, string][] = [
      ['objectClass', 'user'],
      ...values.map((value): [string, string] => ['proxyAddresses', value]),
      ['mailNickname', `nick${i}`],
      ...(i % 2 === 0 ? [['targetAddress', `SMTP:person${i}@cloud.example.org`] as [string, string]] : []),
    ];
    return {
      dn: `CN=crowd${i},${base}`,
      attributes: attributes.map(([name, value]) => [name, Buffer.from(value)]),
    };
  });
}

/** A hub that lives through the hours, beside others that live through the same. */
class LivingHub {
  readonly folder = mkdtempSync(join(room, 'patches-'));
  readonly #living: LivingServer;

  constructor(living: LivingServer) {
    this.#living = living;
    mkdirSync(join(this.folder, 'etc'));
    writeFileSync(join(this.folder, 'etc/local_domains.dat'), 'example.org:\ngone.example.org:\n');
  }

  /** @param sections further ones of the configuration */
  async run(guard = '', options = {}, sections = ''): Promise<BuildReport> {
    const file = join(this.folder, 'mailhub-tables.toml');
    writeFileSync(file, this.#configuration(guard) + sections);
    return build(await loadConfig(file), { allowEmpty: true, ...options });
  }

  file(name: string): string {
    return readFileSync(join(this.folder, 'etc', name), 'latin1');
  }

  /** Every change of an entry that the history knows, and the object behind it. */
  history(): unknown[] {
    return this.#all(
      `SELECT changes.run, names.name, hex(key), kind, hex(old_value), hex(new_value), hex(guid), dn
       FROM changes JOIN names ON names.id = changes.tbl LEFT JOIN origins ON origins.id = changes.origin
       ORDER BY 1, 2, 3`,
    );
  }

  /** When each table's files were last compared whole. */
  verified(): unknown[] {
    return this.#all('SELECT name, verified_at FROM published ORDER BY name');
  }

  #all(query: string): unknown[] {
    const database = new Database(join(this.folder, 'state/state.sqlite'), { readonly: true });
    try {
      return database.prepare(query).all();
    } finally {
      database.close();
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  #configuration(guard: string): string {
    const { urls, bindDn, passwordFile } = this.#living.settings;
    const exchange = [
      'filter = "(&(proxyAddresses=*)(mailNickname=*)(!(targetAddress=*)))"',
      'key = "{address}"',
      'value = "{primary}"',
    ];
    const cloud = [
      'filter = "(&(proxyAddresses=*)(targetAddress=*))"',
      'key = "{address}"',
      'value = "{targetAddress}"',
    ];
    const sources = { exch_table: [exchange], o365_table: [cloud], all_table: [cloud, exchange] };
    return [
      `tables_dir = "${this.folder}/etc"`,
      `state_dir = "${this.folder}/state"`,
      'format = "bdb"',
      '[cross_checks]',
      'local_domains = "local_domains"',
      '[directory.ad]',
      `urls = ${JSON.stringify(urls)}`,
      `base = "${base}"`,
      `bind_dn = "${bindDn}"`,
      `password_file = "${passwordFile}"`,
      'allow_plaintext = true',
      '[tables.local_domains]',
      ...Object.entries(sources).flatMap(([name, list]) => [
        `[tables.${name}]`,
        guard,
        ...list.flatMap((source) => [`[[tables.${name}.sources]]`, 'directory = "ad"', ...source]),
      ]),
      '',
    ].join('\n');
  }
}

/** What a report says of the tables, but for the time that it took and where they are. */
function said({ tables: reports, warnings }: BuildReport): unknown {
  return {
    tables: reports.map(({ milliseconds: _, dat: _dat, dbm: _dbm, candidate, hold, ...table }) => ({
      ...table,
      isKept: candidate !== undefined,
      digest: hold?.digest,
    })),
    warnings,
  };
}

const change = fc.record({ kind: fc.nat(12), a: fc.nat(50), b: fc.nat(50) });
const hour = fc.record({
  changes: fc.array(change, { maxLength: 3 }),
  newcomers: fc.array(fc.tuple(fc.nat(50), fc.boolean()), { maxLength: 3 }),
  guard: fc.constantFrom(
    '',
    'guard = { max_removed = 0, max_changed = 0 }',
    'guard = { max_removed_per_domain = 1, protected = ["name3@example.org", "@example.org"] }\non_hold = "additions"',
  ),
  force: fc.boolean(),
  dryRun: fc.boolean(),
});

test('tables are the same, and all that is said of them, whether they are merged or put together from what changed', async () => {
  const patches = vi.spyOn(formats.bdb, 'patch');
  const people = crowd(3000);
  const property = fc.asyncProperty(fc.array(hour, { minLength: 3, maxLength: 7 }), async (hours) => {
    await using living = await startLiving({}, people);
    const hubs = { short: new LivingHub(living), long: new LivingHub(living) };
    const both = async (guard: string, options: object): Promise<void> => {
      way.isShort = true;
      const short = await hubs.short.run(guard, options);
      way.isShort = false;
      const long = await hubs.long.run(guard, options);
      expect(said(short)).toEqual(said(long));
    };
    try {
      await both('', {});
      for (const { changes, newcomers, guard, force, dryRun } of hours) {
        for (const [place, isElsewhere] of newcomers) await living.world.addNewcomer(place, isElsewhere);
        for (const { kind, a, b } of changes) await living.world.change(kind, a, b);
        if (dryRun) await both(guard, { force, dryRun });
        await both(guard, { force });
        for (const name of tables) {
          expect(hubs.short.file(name) === hubs.long.file(name), name).toBe(true);
          expect(hubs.short.file(`${name}.dat`)).toBe(hubs.long.file(`${name}.dat`));
        }
        expect(hubs.short.history()).toEqual(hubs.long.history());
      }
      // A full extraction finds nothing else.
      way.isShort = true;
      await hubs.short.run('', { force: true });
      const last = await hubs.short.run('', { full: true });
      expect(last.tables.map(({ outcome }) => outcome)).toEqual(Array(4).fill('unchanged'));
    } finally {
      hubs.short.remove();
      hubs.long.remove();
    }
  });
  await fc.assert(property, { numRuns: 4 * Number(process.env.LONG_RUN ?? 1), endOnFailure: true });
  // Else the test would say little.
  expect(way.taken).toBeGreaterThan(5);
  const done = await Promise.all(patches.mock.results.map(({ value }) => value));
  expect(done.filter((isPatched) => isPatched === true).length).toBeGreaterThan(5);
});

test('what is put together from what changed can go back, and is not taken for looked at', async () => {
  await using living = await startLiving({}, crowd(3000));
  const hub = new LivingHub(living);
  onTestFinished(() => hub.remove());
  const setAddresses = (person: string, ...values: string[]): Promise<void> => {
    const modification = new Attribute({ type: 'proxyAddresses', values });
    return living.client.modify(`CN=${person},${base}`, new Change({ operation: 'replace', modification }));
  };
  way.isShort = true;
  await hub.run();
  const verified = hub.verified();

  way.taken = 0;
  await setAddresses('crowd5', 'SMTP:another5@example.org');
  expect((await hub.run('', { force: true })).tables[1]).toMatchObject({ outcome: 'published', added: 1 });
  expect(way.taken).toBeGreaterThan(0);
  expect(hub.verified()).toEqual(verified);

  const before = hub.file('exch_table.dat');
  await setAddresses('crowd1', 'SMTP:another1@example.org');
  const canary = '[[canaries]]\naddress = "person1@example.org"\ntable = "exch_table"\n';
  const { tables: reports } = await hub.run('', { force: true }, canary);
  expect(reports[1]?.failure?.message).toContain('canary person1@example.org');
  expect(reports[1]?.failure?.message).toContain('it is what it was before, and pinned');
  expect(hub.file('exch_table.dat')).toBe(before);
});
