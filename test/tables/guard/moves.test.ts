import { mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { formats } from '../../../src/dbm/index.ts';
import { HeldCandidates } from '../../../src/state/held.ts';
import { State } from '../../../src/state/state.ts';
import { ApprovalError, approve } from '../../../src/tables/decisions/approve.ts';
import { fileFed, Hub, tableOf } from '../hub.ts';
import { entriesOf } from '../pairs.ts';
import {
  type Case,
  cases,
  expected,
  type Fate,
  isForeseeable,
  type Keys,
  section,
  union,
} from './moves-model.ts';

/** What the tests do between the program and the file system: every change that Exim can see is a rename. */
const between = vi.hoisted(() => ({
  fails: (_operation: 'rename' | 'rm' | 'open', _path: string): boolean => false,
  afterRename: (): void => {},
}));

function check(operation: 'rename' | 'rm' | 'open', path: string): void {
  if (between.fails(operation, path)) {
    throw Object.assign(new Error(`EIO: i/o error, ${operation}`), { code: 'EIO', syscall: operation });
  }
}

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs')>();
  return {
    ...real,
    renameSync: (from: string, to: string) => {
      check('rename', to);
      real.renameSync(from, to);
      between.afterRename();
    },
  };
});

vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs/promises')>();
  return {
    ...real,
    open: async (path: string, ...rest: [string, number]) => {
      check('open', path);
      return real.open(path, ...rest);
    },
    rm: async (path: string, options: object) => {
      check('rm', path);
      return real.rm(path, options);
    },
    rename: async (from: string, to: string) => {
      check('rename', to);
      await real.rename(from, to);
      between.afterRename();
    },
  };
});

afterEach(() => {
  between.fails = () => false;
  between.afterRename = () => {};
});

function put(hub: Hub, { name, byHand }: Case, keys: Keys): void {
  hub.put(`${byHand ? 'etc' : 'in'}/${name}.dat`, new Map([...keys].map((key) => [key, `${name}-${key}`])));
}

/** What Exim would find in a table. */
function keysIn(hub: Hub, { name }: Case): string[] {
  if (!hub.files().includes(name)) return [];
  const file = formats.bdb.open(join(hub.tablesDir, name));
  const keys = entriesOf(file.pairs()).map(([key]) => key);
  file.close();
  return keys.sort();
}

/** What Exim would find in all of the tables together. */
function shown(hub: Hub, tables: readonly Case[]): Set<string> {
  return new Set(tables.flatMap((table) => keysIn(hub, table)));
}

/** Runs a build, and at every moment looks for the addresses that were in some table and are wanted in some table. */
async function watched(hub: Hub, tables: readonly Case[], options: { tables?: string[]; force?: boolean }) {
  return watch(hub, tables, () => hub.build({ allowEmpty: true, ...options }));
}

async function watch<T>(hub: Hub, tables: readonly Case[], work: () => Promise<T>): Promise<T> {
  const before = shown(hub, tables);
  const moving = [...union(tables.map(({ wanted }) => wanted))].filter((key) => before.has(key));
  const lost: string[] = [];
  const look = (): void => {
    const now = shown(hub, tables);
    lost.push(...moving.filter((key) => !now.has(key)));
  };
  between.afterRename = look;
  const report = await work();
  look();
  between.afterRename = () => {};
  expect(lost).toEqual([]);
  return report;
}

/** Approves what is held of some tables, and looks as above; what is refused is refused. */
async function approveHeld(hub: Hub, tables: readonly Case[], approved: readonly Case[]): Promise<void> {
  const held = new HeldCandidates(hub.stateDir);
  const config = await loadConfig(hub.configFile);
  const latest = approved.flatMap(({ name }) =>
    held
      .list(name)
      .slice(0, 1)
      .map(({ digest }) => ({ name, digest })),
  );
  for (const group of [latest, ...latest.map((each) => [each])]) {
    if (group.length === 0) continue;
    const options = { tables: group.map(({ name }) => name), digests: group.map(({ digest }) => digest) };
    await watch(hub, tables, () => approve(config, { ...options, who: 'a test', why: undefined })).catch(
      (error: unknown) => expect(error).toBeInstanceOf(ApprovalError),
    );
  }
}

/** Makes the operations fail that the fate of a table says: every staging, the first rename. */
function ordain(hub: Hub, tables: readonly Case[]): void {
  const doomed = new Map(tables.map(({ name, fate }) => [name, fate]));
  between.fails = (operation, path) => {
    const file = basename(path);
    const name = file.replace(/^\.mailhub-tables\./, '').slice(0, 1);
    const fate = doomed.get(name);
    const fails =
      (fate === 'staging fails' && operation !== 'rename' && file.startsWith('.mailhub-tables.')) ||
      (fate === '.dat stays' && operation === 'rename' && path === hub.at(`etc/${name}.dat`)) ||
      (fate === 'dbm file stays' && operation === 'rename' && path === hub.at(`etc/${name}`));
    if (fails && fate !== 'staging fails') doomed.set(name, 'free');
    return fails;
  };
}

test('an address that moves is in one of its tables at every moment, whatever is held or fails', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async (drawn) => {
      const tables = drawn.map((each) =>
        each.byHand && ['source fails', '.dat unreadable'].includes(each.fate)
          ? { ...each, fate: 'free' as const }
          : each,
      );
      const hub = new Hub();
      hub.configure(tables.map((table) => section({ ...table, fate: 'free' })).join(''));
      for (const table of tables) put(hub, table, table.before);
      await hub.build({ allowEmpty: true });

      hub.configure(tables.map(section).join(''));
      for (const table of tables) put(hub, table, table.wanted);
      for (const { name, dbmGone } of tables) if (dbmGone) rmSync(hub.at(`etc/${name}`));
      const unreadable = tables
        .filter(({ fate }) => fate === '.dat unreadable')
        .map(({ name }) => hub.at(`etc/${name}.dat`));
      for (const path of unreadable) {
        rmSync(path);
        mkdirSync(path);
      }
      ordain(hub, tables);
      const selected = tables.filter(({ fate }) => fate !== 'not selected').map(({ name }) => name);
      if (selected.length > 0) {
        const report = await watched(hub, tables, { tables: selected });
        for (const { name, outcome } of report.tables) {
          const byHand = tables.some((table) => table.name === name && table.byHand);
          if (!byHand && outcome !== 'failed')
            expect(hub.files(), 'what is published is mended at once').toContain(name);
        }
        if (tables.every(isForeseeable)) {
          expect(new Map(report.tables.map(({ name, outcome }) => [name, outcome]))).toEqual(
            expected(tables),
          );
        }
      }

      between.fails = () => false;
      for (const path of unreadable) rmSync(path, { recursive: true });
      await approveHeld(
        hub,
        tables,
        tables.filter(({ approved }) => approved),
      );
      hub.configure(tables.map((table) => section({ ...table, fate: 'free' })).join(''));
      await watched(hub, tables, {});
      for (const table of tables) expect(keysIn(hub, table)).toEqual([...table.wanted].sort());
    }),
    { numRuns: 120 },
  );
});

describe('examples', () => {
  const table = (
    name: string,
    before: string,
    wanted: string,
    fate: Fate = 'free',
    byHand = false,
  ): Case => ({
    name,
    byHand,
    before: new Set(before),
    wanted: new Set(wanted),
    fate,
    dbmGone: false,
    additions: false,
    approved: false,
  });
  async function run(...tables: readonly Case[]) {
    const hub = new Hub();
    hub.configure(tables.map((each) => section({ ...each, fate: 'free' })).join(''));
    for (const each of tables) put(hub, each, each.before);
    await hub.build({ allowEmpty: true });
    hub.configure(tables.map(section).join(''));
    for (const each of tables) put(hub, each, each.wanted);
    ordain(hub, tables);
    const moment: string[] = [];
    between.afterRename = () => moment.push([...shown(hub, tables)].sort().join(''));
    const report = await hub.build({ allowEmpty: true });
    between.fails = () => false;
    return { hub, report, moments: [...new Set(moment)] };
  }
  const outcomes = (report: Awaited<ReturnType<typeof run>>['report']) =>
    report.tables.map(({ outcome }) => outcome).join();

  test('the table that gains comes first, in whatever order they are configured', async () => {
    for (const tables of [
      [table('x', 'ab', 'a'), table('y', 'c', 'bc')],
      [table('y', 'c', 'bc'), table('x', 'ab', 'a')],
    ]) {
      const { report, moments } = await run(...tables);
      expect(outcomes(report)).toBe('published,published');
      expect(moments).toEqual(['abc']);
    }
  });

  test.each<Fate>(['held', 'source fails'])(
    'who would lose an address to a table that is not published waits for it: %s',
    async (fate) => {
      const { hub, report } = await run(
        table('x', 'ab', 'a'),
        table('y', 'c', 'bc', fate),
        table('z', 'd', 'de'),
      );
      const { outcome, findings } = tableOf(report, 'x');
      expect(outcome).toBe('held');
      expect(findings).toMatchObject([{ rule: 'waits' }]);
      expect(findings[0]?.message).toContain(' y,');
      expect(tableOf(report, 'z').outcome, 'nothing moves out of it').toBe('published');
      expect(hub.files()).toContain('x_tmp.dat');
      expect([...(hub.exim('x') ?? new Map()).keys()]).toEqual(['a', 'b']);
    },
  );

  test('so does one that would lose it to a table that the run leaves alone', async () => {
    const hub = new Hub();
    hub.configure(fileFed('x') + fileFed('y'));
    for (const [name, keys] of [
      ['x', 'ab'],
      ['y', 'c'],
    ] as const)
      put(hub, table(name, '', ''), new Set(keys));
    await hub.build();
    for (const [name, keys] of [
      ['x', 'a'],
      ['y', 'bc'],
    ] as const)
      put(hub, table(name, '', ''), new Set(keys));
    expect(outcomes(await hub.build({ tables: ['x'] }))).toBe('held');
    expect(outcomes(await hub.build({ tables: ['x', 'y'] }))).toBe('published,published');
  });

  test('what Exim sees decides, not the .dat: after a run that was cut short between the two', async () => {
    const { hub } = await run(table('x', 'ab', 'a'), table('y', 'c', 'bc', 'dbm file stays'));
    const tables = [table('x', '', 'a'), table('y', '', 'bc')];
    expect(await watched(hub, tables, {})).toMatchObject({ tables: [{ outcome: 'published' }, {}] });
    expect(shown(hub, tables)).toEqual(new Set('abc'));
  });

  test('so does one that would lose it to a table whose files can not be read', async () => {
    const { hub } = await run(table('x', 'ab', 'ab'), table('y', 'c', 'c'));
    for (const [name, keys] of [
      ['x', 'a'],
      ['y', 'bc'],
    ] as const)
      put(hub, table(name, '', ''), new Set(keys));
    rmSync(hub.at('etc/y.dat'));
    hub.makeDirectory('etc/y.dat');
    expect(outcomes(await hub.build())).toBe('held,failed');
  });

  test('who waits makes others wait', async () => {
    const { report } = await run(table('x', 'ab', 'a'), table('y', 'c', 'b'), table('z', 'd', 'cd', 'held'));
    expect(outcomes(report)).toBe('held,held,held');
  });

  test('what waits after all, since another could not be put in place, is no .dat that is about to be ours', async () => {
    const { hub, report } = await run(table('x', 'ab', 'a'), table('y', 'c', 'bc', '.dat stays'));
    expect(outcomes(report)).toBe('held,failed');
    const state = State.peek(hub.stateDir);
    const intended = ['x', 'y'].map((name) => state?.intended(name));
    state?.close();
    // Whether the other has come to be, nobody knows after an error of the disk.
    expect(intended).toEqual([undefined, expect.stringMatching(/^[0-9a-f]{64}$/)]);
  });

  test('two that exchange addresses, and a circle of three', async () => {
    const two = await run(table('x', 'ab', 'ac'), table('y', 'cd', 'bd'));
    expect(outcomes(two.report)).toBe('published,published');
    expect(two.moments).toEqual(['abcd']);
    const three = await run(table('x', 'a', 'c'), table('y', 'b', 'a', 'free', true), table('z', 'c', 'b'));
    expect(outcomes(three.report)).toBe('published,published,published');
    expect(three.moments).toEqual(['abc']);
    for (const [name, keys] of Object.entries({ x: ['c'], y: ['a'], z: ['b'] })) {
      expect([...(three.hub.exim(name) ?? new Map()).keys()]).toEqual(keys);
    }
  });
});
