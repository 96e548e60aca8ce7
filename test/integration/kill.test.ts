import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { formats } from '../../src/dbm/index.ts';
import { Program } from '../cli/program.ts';
import { datOf, type Entries, fileFed, Hub, numbered } from '../tables/hub.ts';
import { entriesOf, pairsOf } from '../tables/pairs.ts';
import { Exim } from './exim.ts';

/** Called after every rename of a run in this process. */
const afterRename = vi.hoisted(() => ({ look: (): void => {} }));

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs')>();
  return {
    ...real,
    renameSync: (from: string, to: string) => {
      real.renameSync(from, to);
      afterRename.look();
    },
  };
});

const program = Program.forFile();
const exim = new Exim();
afterEach(() => {
  afterRename.look = () => {};
});
afterAll(() => exim.close());

function contents(hub: Hub, name: string): Map<string, string> {
  const file = formats.bdb.open(join(hub.tablesDir, name));
  try {
    return new Map(entriesOf(file.pairs()));
  } finally {
    file.close();
  }
}

const names = ['one_table', 'two_table'];
/** Two versions of a table that differ in every entry. */
const versions = [0, 1].map((version) => {
  const entries = new Map(numbered(version * 100, 3000 + version * 200));
  for (const [key, value] of entries) entries.set(key, value.replace('@', `${version}@`));
  return { entries, text: datOf(entries), pairs: pairsOf(entries) };
});
const inBoth = 'user002000@example.ac.uk';

/** A hub whose runs are killed while they publish one version of its tables after the other. */
class Target {
  readonly #hub = new Hub();
  /** How long a publication takes, in milliseconds. */
  #duration = 0;
  readonly seen = { old: 0, leftovers: 0 };

  async prepare(): Promise<void> {
    this.#hub.configure(names.map((name) => fileFed(name)).join(''));
    this.#put(0);
    await this.#hub.build();
    this.#put(1);
    this.#duration = await this.#run();
  }

  /** @param moment of the publication, from 0 to 1, at which to kill */
  async kill(version: number, moment: number): Promise<void> {
    this.#put(version);
    await this.#run(moment * this.#duration);
    if (names.every((name) => this.#versionOf(name) !== version)) this.seen.old++;
    if (this.#hub.files().some((name) => name.startsWith('.'))) this.seen.leftovers++;
  }

  /** Has Exim and db_dump look at the tables as they are. */
  async showToExim(): Promise<void> {
    for (const name of names) {
      const path = join(this.#hub.tablesDir, name);
      const { entries } = versions[this.#versionOf(name)];
      execFileSync('db_verify', [path], { stdio: 'ignore' });
      expect(await exim.lookup(path, [inBoth, 'nobody@example.ac.uk'])).toEqual([
        entries.get(inBoth),
        undefined,
      ]);
      expect(this.#hub.exim(name)).toEqual(entries);
    }
  }

  async heal(version: number): Promise<void> {
    const { tables } = await this.#hub.build();
    expect(tables.map(({ failure, findings }) => failure?.message ?? findings)).toEqual([[], []]);
    expect(names.map((name) => this.#versionOf(name))).toEqual([version, version]);
    for (const name of names) expect(this.#hub.text(`etc/${name}.dat`)).toBe(versions[version].text);
    const files = names.flatMap((name) => [name, `${name}.dat`]).sort();
    expect(this.#hub.files(), 'nothing is left behind').toEqual(files);
  }

  #put(version: number): void {
    for (const name of names) this.#hub.put(`in/${name}.dat`, versions[version].text);
  }

  /** Which version Exim sees. @throws when the file is neither, or damaged */
  #versionOf(name: string): number {
    const file = formats.bdb.open(join(this.#hub.tablesDir, name));
    try {
      file.verify();
      const value = Buffer.from(file.get(Buffer.from(inBoth)) ?? []).toString();
      const version = versions.findIndex(({ entries }) => entries.get(inBoth) === value);
      file.readBack(versions[version].pairs);
      return version;
    } finally {
      file.close();
    }
  }

  /** @returns milliseconds from the first new file on */
  async #run(killAfter?: number): Promise<number> {
    const watcher = watch(this.#hub.tablesDir);
    const child = program.start(['build', '--config', this.#hub.configFile]);
    const end = once(child, 'close');
    await Promise.race([once(watcher, 'change'), end]);
    const started = performance.now();
    if (killAfter !== undefined) {
      await Promise.race([pause(killAfter), end]);
      child.kill('SIGKILL');
    }
    await end;
    watcher.close();
    return performance.now() - started;
  }
}

test('killed at any moment of a publication: Exim sees one whole table, and the next run heals', async () => {
  const kills = 32;
  const targets = [new Target(), new Target()];
  await Promise.all(
    targets.map(async (target, lane) => {
      await target.prepare();
      for (let kill = 0; kill < kills; kill++) {
        const version = kill % 2;
        await target.kill(version, (kill + Math.random()) / kills);
        if (kill % 12 === lane) await target.showToExim();
        await target.heal(version);
      }
    }),
  );
  const [{ seen: one }, { seen: two }] = targets;
  expect(one.old + two.old, 'some were killed before').toBeGreaterThan(0);
  expect(one.leftovers + two.leftovers, 'some in between').toBeGreaterThan(0);
});

/** Two tables of one directory that exchange addresses, by the domain of `targetAddress`; all entries in one map. */
const exchanging = ['x', 'y']
  .map(
    (name) =>
      `[tables.${name}]\n[[tables.${name}.sources]]\ndirectory = "ad"\nfilter = "(targetAddress=*@${name}.example)"\n` +
      'key = "{address}"\nvalue = "{targetAddress}"\n',
  )
  .join('');
const everybody = (from: number, to: number, table: string): [string, string][] =>
  [...numbered(from, to).keys()].map((key) => [key, `box@${table}.example`]);
const beforeMove = new Map([
  ...everybody(0, 10, 'x'),
  ...everybody(10, 20, 'y'),
  ['z@example.ac.uk', 'z@z.example'],
]);
const afterMove = new Map([
  ...beforeMove,
  ...everybody(0, 2, 'y'),
  ...everybody(10, 12, 'x'),
  ...everybody(30, 33, 'x'),
  ...everybody(40, 43, 'y'),
]);
/** Entries that only the new tables have. */
const newOfX = 'user000031@example.ac.uk';
const newOfY = 'user000041@example.ac.uk';
const part = (entries: Entries, table: string): Entries =>
  new Map([...entries].filter(([, value]) => value.endsWith(`@${table}.example`)));

test('killed right before or after any rename while tables exchange addresses: none is ever in neither', async () => {
  const preload = join((await emptyHub()).folder, 'kill.mjs');
  writeFileSync(preload, killAtRename);
  let renames = 0;
  for (let killed = true; killed; renames += killed ? 0.5 : 0) {
    const hub = await emptyHub();
    const environment = {
      KILL_AT: String(Math.floor(renames) + 1),
      KILL_WHEN: renames % 1 === 0 ? 'before' : 'after',
    };
    const { status } = await program.run(['build', '--config', hub.configFile], { preload, environment });
    killed = status === undefined;

    const look = (): void => {
      const shown = new Set(['x', 'y'].flatMap((name) => [...contents(hub, name).keys()]));
      expect(
        [...part(beforeMove, 'x').keys(), ...part(beforeMove, 'y').keys()].filter((key) => !shown.has(key)),
      ).toEqual([]);
    };
    look();
    afterRename.look = look;
    const { tables } = await hub.build();
    afterRename.look = () => {};
    expect(tables.map(({ name, outcome, findings }) => [name, outcome === 'held' ? findings : []])).toEqual([
      ['x', []],
      ['y', []],
    ]);
    for (const name of ['x', 'y']) {
      expect(contents(hub, name)).toEqual(part(afterMove, name));
      expect(hub.text(`etc/${name}.dat`)).toBe(datOf(part(afterMove, name)));
    }
    expect(hub.files()).toEqual(['x', 'x.dat', 'y', 'y.dat']);
  }
  expect(
    renames,
    'one of the two is published twice, each time two files; of each a generation is kept',
  ).toBe(8);
});

test('heals forward, never back, also when the directory does not answer any more', async () => {
  const preload = join((await emptyHub()).folder, 'kill.mjs');
  writeFileSync(preload, killAtRename);
  for (let rename = 1; rename <= 6; rename++) {
    const hub = await emptyHub();
    const environment = { KILL_AT: String(rename), KILL_WHEN: 'after', KILL_IN: hub.tablesDir };
    await program.run(['build', '--config', hub.configFile], { preload, environment });
    const isNewer = ['x', 'y'].map((name) => contents(hub, name).has(name === 'x' ? newOfX : newOfY));
    (await hub.serve(new Map())).setFault({ kind: 'close' });
    await hub.build();
    for (const [i, name] of ['x', 'y'].entries()) {
      const healed = contents(hub, name);
      expect(datOf(healed), 'the two files are one table again').toBe(hub.text(`etc/${name}.dat`));
      if (isNewer[i]) expect(healed.has(name === 'x' ? newOfX : newOfY)).toBe(true);
    }
    if (rename % 2 === 1) expect(contents(hub, 'x').has(newOfX) || contents(hub, 'y').has(newOfY)).toBe(true);
  }
});

/** A hub where the exchange of addresses is about to happen. */
async function emptyHub(): Promise<Hub> {
  const hub = new Hub();
  hub.configure(exchanging);
  await hub.serve(beforeMove);
  await hub.build();
  await hub.serve(afterMove);
  return hub;
}

const killAtRename = `
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  const { renameSync } = fs;
  const at = Number(process.env.KILL_AT);
  let count = 0;
  fs.renameSync = (from, to) => {
    const counts = to.startsWith(process.env.KILL_IN ?? '');
    const isLast = counts && ++count === at;
    if (isLast && process.env.KILL_WHEN === 'before') process.kill(process.pid, 'SIGKILL');
    renameSync(from, to);
    if (isLast) process.kill(process.pid, 'SIGKILL');
  };
  syncBuiltinESMExports();
`;
