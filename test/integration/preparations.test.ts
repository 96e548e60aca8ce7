import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Attribute, Change } from 'ldapts';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { LdifRecord } from '../../fixtures/ldif.ts';
import { loadConfig } from '../../src/config/load.ts';
import { formats } from '../../src/dbm/index.ts';
import { State } from '../../src/state/state.ts';
import { build } from '../../src/tables/build.ts';
import { fileDigest } from '../../src/tables/columns/digest.ts';
import { sumAndDigest } from '../../src/tables/dat/text-sum.ts';
import { stampsOf as fileStamps, tableFiles } from '../../src/tables/publish/files.ts';
import { prepareFiles } from '../../src/tables/publish/prepare.ts';
import type { BuildReport } from '../../src/tables/report.ts';
import { Stopwatch } from '../../src/tables/threads/stopwatch.ts';
import { type LivingServer, startLiving } from '../ldap/deltas/fixture.ts';

const base = 'DC=ad,DC=example,DC=ac,DC=uk';
const { bdb } = formats;
const all = ['exch_table', 'exch_table.dat', 'o365_table', 'o365_table.dat'];

/** People with so many addresses that both tables are worth the trouble. */
const people = Array.from({ length: 1200 }, (_, i): LdifRecord => {
  const aliases = Array.from({ length: 100 }, (_, n) => `smtp:person${i}.alias${n}@example.org`);
  const attributes: [string, string][] = [
    ['objectClass', 'user'],
    ...[`SMTP:person${i}@example.org`, ...aliases].map((value): [string, string] => [
      'proxyAddresses',
      value,
    ]),
    ...(i % 2 === 0 ? [['targetAddress', `SMTP:person${i}@cloud.example.org`] as [string, string]] : []),
  ];
  return {
    dn: `CN=person${i},${base}`,
    attributes: attributes.map(([name, value]) => [name, Buffer.from(value)]),
  };
});

let living: LivingServer;
let folder: string;
let etc: string;
let hour = 0;

beforeAll(async () => {
  living = await startLiving({}, people);
});
afterAll(() => living[Symbol.asyncDispose]());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'preparations-'));
  etc = join(folder, 'etc');
  mkdirSync(etc);
  const made = folder;
  onTestFinished(() => rmSync(made, { recursive: true }));
});
afterEach(() => {
  vi.restoreAllMocks();
});

async function run(options = {}): Promise<BuildReport> {
  const { urls, bindDn, passwordFile } = living.settings;
  const table = (name: string, filter: string): string[] => [
    `[tables.${name}]`,
    `[[tables.${name}.sources]]`,
    'directory = "ad"',
    `filter = "${filter}"`,
    'key = "{address}"',
    'value = "{primary}"',
  ];
  const file = join(folder, 'mailhub-tables.toml');
  const lines = [
    `tables_dir = "${etc}"`,
    `state_dir = "${folder}/state"`,
    'format = "bdb"',
    '[directory.ad]',
    `urls = ${JSON.stringify(urls)}`,
    `base = "${base}"`,
    `bind_dn = "${bindDn}"`,
    `password_file = "${passwordFile}"`,
    'allow_plaintext = true',
    ...table('exch_table', '(&(proxyAddresses=*)(!(targetAddress=*)))'),
    ...table('o365_table', '(&(proxyAddresses=*)(targetAddress=*))'),
  ];
  writeFileSync(file, lines.join('\n'));
  return build(await loadConfig(file), { force: true, ...options });
}

/** Gives a person of the Exchange table another address. @returns it */
async function change(): Promise<string> {
  const address = `hour${++hour}@example.org`;
  const modification = new Attribute({ type: 'proxyAddresses', values: [`smtp:${address}`] });
  await living.client.modify(`CN=person1,${base}`, new Change({ operation: 'add', modification }));
  return address;
}

function outcomes({ tables }: BuildReport): string[] {
  return tables.map(({ outcome }) => outcome);
}

function stampsOf(names: readonly string[]): string[] {
  return names.map((name) => {
    const { ino, mtimeNs, ctimeNs } = statSync(join(etc, name), { bigint: true });
    return `${name} ${ino} ${mtimeNs} ${ctimeNs}`;
  });
}

/** Whether Exim finds the address, and what a dbm file that is written whole would be is there. */
async function isPublished(address: string): Promise<boolean> {
  const path = join(etc, 'exch_table');
  const file = bdb.open(path);
  const whole = join(folder, 'whole');
  try {
    await bdb.write(whole, file.pairs());
    const text = readFileSync(`${path}.dat`, 'latin1');
    return (
      file.get(Buffer.from(address)) !== undefined &&
      `\n${text}`.includes(`\n${address}: person1@example.org\n`) &&
      text.split('\n').length - 1 === file.statistics().entries &&
      readFileSync(whole).equals(readFileSync(path))
    );
  } finally {
    file.close();
    rmSync(whole, { force: true });
  }
}

/** What is done once a table's copy was made. */
function afterCopies(work: (copy: string, old: string) => void): void {
  const { prepare } = bdb;
  vi.spyOn(bdb, 'prepare').mockImplementation(async (copy, old) => {
    const prepared = await prepare?.(copy, old);
    work(copy, old);
    return prepared;
  });
}

test('a table that does not change after all is left as it is, and its copy goes', async () => {
  await run();
  const before = stampsOf(all);
  const copied: string[] = [];
  afterCopies((_, old) => copied.push(old));
  const patches = vi.spyOn(bdb, 'patch');
  const address = await change();
  expect(outcomes(await run())).toEqual(['published', 'unchanged']);
  expect(copied.sort()).toEqual([join(etc, 'exch_table'), join(etc, 'o365_table')]);
  expect(patches.mock.calls.map(([, old, , prepared]) => [old, prepared !== undefined])).toEqual([
    [join(etc, 'exch_table'), true],
  ]);
  expect(await isPublished(address)).toBe(true);
  expect(stampsOf(all).slice(2)).toEqual(before.slice(2));
  expect(readdirSync(etc).sort()).toEqual(all);
});

test('nothing is copied in an hour without changes, nor in a dry run, nor of a table that was not asked for', async () => {
  await run();
  const preparing = vi.spyOn(bdb, 'prepare');
  expect(outcomes(await run())).toEqual(['unchanged', 'unchanged']);
  await change();
  expect(outcomes(await run({ dryRun: true }))).toEqual(['published', 'unchanged']);
  expect(preparing).not.toHaveBeenCalled();
  await run({ tables: ['o365_table'] });
  expect(preparing.mock.calls.map(([, old]) => old)).toEqual([join(etc, 'o365_table')]);
});

test('the sum of a text that was patched is remembered, and one that has another is written whole', async () => {
  await run();
  // It was not taken of what is written whole.
  expect(recordedSum()).toBeUndefined();
  for (let hours = 0; hours < 2; hours++) {
    const address = await change();
    await run();
    expect(await isPublished(address)).toBe(true);
    expect(recordedSum()).toBe(sumAndDigest(join(etc, 'exch_table.dat')).sum);
  }
  inState("UPDATE published SET dat_sum = '1' WHERE name = 'exch_table'");
  const address = await change();
  expect(outcomes(await run())).toEqual(['published', 'unchanged']);
  expect(await isPublished(address)).toBe(true);
  expect(recordedSum()).toBeUndefined();
});

test('the sum of a text stays known when whole files are compared, and when only the dbm file is made again', async () => {
  await run();
  await change();
  await run();
  const sum = recordedSum();
  expect(sum).toBeDefined();
  inState('UPDATE published SET verified_at = 0');
  expect(outcomes(await run())).toEqual(['unchanged', 'unchanged']);
  expect(recordedSum()).toBe(sum);
  rmSync(join(etc, 'exch_table'));
  await run();
  expect(readdirSync(etc).sort()).toEqual(all);
  expect(recordedSum()).toBe(sum);
});

function inState(statement: string): void {
  const database = new Database(join(folder, 'state/state.sqlite'));
  database.exec(statement);
  database.close();
}

function recordedSum(): bigint | undefined {
  const state = State.peek(join(folder, 'state'));
  try {
    return state?.published('exch_table')?.datSum;
  } finally {
    state?.close();
  }
}

test('what a run that was killed had copied is swept up, and its change published', async () => {
  await run();
  const files = tableFiles(etc, 'exch_table', [bdb]);
  const leave = async (): Promise<void> => {
    const found = { digest: fileDigest(files.dat), sum: undefined, stamps: fileStamps(files) };
    expect(await prepareFiles(files, found, 'new', new Stopwatch())).toBeDefined();
    expect(readdirSync(etc)).toHaveLength(5);
  };
  await leave();
  expect(outcomes(await run())).toEqual(['unchanged', 'unchanged']);
  expect(readdirSync(etc).sort()).toEqual(all);

  const address = await change();
  await leave();
  expect(outcomes(await run())).toEqual(['published', 'unchanged']);
  expect(await isPublished(address)).toBe(true);
  expect(readdirSync(etc).sort()).toEqual(all);
});

test('a dbm file that somebody replaces behind its copy is written whole', async () => {
  await run();
  const earlier = join(folder, 'earlier');
  writeFileSync(earlier, readFileSync(join(etc, 'exch_table')));
  await change();
  await run();
  const replaced: string[] = [];
  afterCopies((_, old) => {
    if (!old.endsWith('exch_table')) return;
    renameSync(earlier, old);
    replaced.push(old);
  });
  const address = await change();
  expect(outcomes(await run())).toEqual(['published', 'unchanged']);
  expect(replaced).toHaveLength(1);
  expect(await isPublished(address)).toBe(true);
  expect(readdirSync(etc).sort()).toEqual(all);
});

test.runIf(process.getuid?.() === 0)(
  'a disk that is full for a copy fails no table that has room without it',
  async () => {
    await run();
    const size = all.reduce((sum, name) => sum + statSync(join(etc, name)).size, 0);
    const [exch, o365] = ['exch_table', 'o365_table'].map((name) => statSync(join(etc, name)).size);
    const text = statSync(join(etc, 'exch_table.dat')).size;
    const kept = all.map((name) => [name, readFileSync(join(etc, name))] as const);
    // Room for one table's new files, and not for another's copy.
    const room = size + exch + text + (1 << 17);
    expect(exch + o365).toBeGreaterThan(room - size);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${room}`, 'tmpfs', etc]);
    onTestFinished(() => {
      execFileSync('umount', [etc]);
    });
    for (const [name, bytes] of kept) writeFileSync(join(etc, name), bytes);
    expect(outcomes(await run())).toEqual(['unchanged', 'unchanged']);
    const failed: unknown[] = [];
    const { prepare } = bdb;
    vi.spyOn(bdb, 'prepare').mockImplementation(async (copy, old) => {
      try {
        return await prepare?.(copy, old);
      } catch (error) {
        failed.push(error);
        throw error;
      }
    });
    const address = await change();
    expect(outcomes(await run())).toEqual(['published', 'unchanged']);
    expect(failed.map(String).join()).toContain('ENOSPC');
    expect(await isPublished(address)).toBe(true);
    expect(readdirSync(etc).sort()).toEqual(all);
  },
);
