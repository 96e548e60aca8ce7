import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { idText } from '../../src/ldap/object-id.ts';
import type { DirectorySettings } from '../../src/ldap/types.ts';
import { type BuildOptions, build } from '../../src/tables/build.ts';
import { openProvenance } from '../../src/tables/mirror/open-provenance.ts';
import type { BuildReport } from '../../src/tables/report.ts';
import type { Program } from '../cli/program.ts';
import type { World } from '../ldap/deltas/world.ts';
import { killer, type Moment } from './system-calls.ts';

/** A directory that can be changed and disturbed. */
export interface Place extends AsyncDisposable {
  /** As they are just now: its servers come and go. */
  readonly settings: DirectorySettings;
  readonly world: World;
  /** What some of the runs meet beside the changes, by name. Each ends with the directory as it was. */
  readonly disturbances: Readonly<
    Record<string, (run: (options?: BuildOptions) => Promise<BuildReport>) => Promise<void>>
  >;
}

const tables = ['exch_table', 'o365_table'];
/** Memory where there is some: every run is fsynced. */
const room = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** When a run is killed. */
export interface Kill extends Pick<Moment, 'call' | 'at'> {
  /** Counts what it does to the mirror's database only. */
  readonly inMirror: boolean;
}

/** A hub whose runs end in many ways, and others that know nothing and ask for everything. */
export class Hubs {
  readonly #folder = mkdtempSync(join(room, 'deltas-'));
  readonly #place: Place;
  readonly #program: Program;
  /** Deleted objects that the hub may not have heard of, by their ids in hexadecimal. */
  readonly #missed = new Set<string>();
  #fresh = 0;

  constructor(place: Place, program: Program) {
    this.#place = place;
    this.#program = program;
  }

  async run(options: BuildOptions & { readonly guard?: string } = {}): Promise<BuildReport> {
    const report = await this.#build('hub', { force: true, ...options });
    const [directory] = report.directories;
    if (directory?.mode === 'full') this.#missed.clear();
    else if (directory?.deletionsSeen === false) {
      for (const id of this.#place.world.deleted) this.#missed.add(id);
    }
    return report;
  }

  /** A run of the program itself that is killed at a moment. @returns whether it came to that */
  async kill({ inMirror, ...moment }: Kill, full = false): Promise<boolean> {
    const mirror = join(this.#folder, 'hub/state/mirror');
    const files = inMirror
      ? [mirror, join(mirror, 'mirror.sqlite'), join(mirror, 'mirror.sqlite-journal')]
      : [];
    const args = [
      'build',
      '--force',
      '--allow-empty',
      '--config',
      this.#configure('hub'),
      ...(full ? ['--full'] : []),
    ];
    const { status, stderr } = await this.#program.run(args, {
      under: killer({ ...moment, files }),
      // Calls are counted in each thread.
      environment: { UV_THREADPOOL_SIZE: '1' },
    });
    expect([0, undefined], stderr).toContain(status);
    return status === undefined;
  }

  /**
   * Whether the hub has, byte for byte, what a hub has that asks for everything; and where it may not have heard of deletions, whether
   * these are all that it lacks.
   *
   * @returns how many keys are there that should not be
   */
  async expectSame(): Promise<number> {
    const name = `fresh${this.#fresh++}`;
    const report = await this.#build(name, { force: true, full: true });
    expect(report.directories.map(({ mode }) => mode)).toEqual(['full']);
    const [ours, fresh] = ['hub', name].map(
      (hub) => (file: string) => readFileSync(join(this.#folder, hub, 'etc', file), 'latin1'),
    );
    if (ours === undefined || fresh === undefined) throw new Error('no hubs');
    let missed = 0;
    if (this.#missed.size > 0) missed = await this.#expectSameButMissed(ours, fresh);
    else {
      for (const file of tables.flatMap((table) => [`${table}.dat`, table]))
        expect(ours(file), file).toBe(fresh(file));
    }
    rmSync(join(this.#folder, name), { recursive: true });
    return missed;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #expectSameButMissed(
    ours: (file: string) => string,
    fresh: (file: string) => string,
  ): Promise<number> {
    let missed = 0;
    // Both ways of writing them.
    const ids = [...this.#missed].flatMap((digits) =>
      (['guid', 'uuid'] as const).map((form) => idText(Buffer.from(digits, 'hex'), form)),
    );
    const provenance = await openProvenance(await loadConfig(this.#configure('hub')));
    try {
      for (const table of tables) {
        const [has, should] = [ours, fresh].map((text) => linesByKey(text(`${table}.dat`)));
        for (const key of new Set([...(has?.keys() ?? []), ...(should?.keys() ?? [])])) {
          if (has?.get(key) === should?.get(key)) continue;
          const given = provenance.origin(table, Buffer.from(key))?.guid ?? '';
          expect(ids, `${table}: ${has?.get(key)} and not ${should?.get(key)}`).toContain(given);
          missed++;
        }
      }
      return missed;
    } finally {
      provenance.close();
    }
  }

  async #build(hub: string, { guard = '', ...options }: BuildOptions & { readonly guard?: string }) {
    return build(await loadConfig(this.#configure(hub, guard)), { allowEmpty: true, ...options });
  }

  /** @returns the configuration's file */
  #configure(hub: string, guard = ''): string {
    const folder = join(this.#folder, hub);
    mkdirSync(join(folder, 'etc'), { recursive: true });
    const file = join(folder, 'mailhub-tables.toml');
    writeFileSync(file, this.#configuration(folder, guard));
    return file;
  }

  #configuration(folder: string, guard: string): string {
    const { urls, base, bindDn, passwordFile, caFile, starttls, allowPlaintext } = this.#place.settings;
    const { delta, idAttribute } = this.#place.settings;
    const settings = {
      urls,
      base,
      delta,
      id_attribute: idAttribute,
      bind_dn: bindDn,
      password_file: passwordFile,
      ca_file: caFile,
      starttls,
    };
    return [
      `tables_dir = "${folder}/etc"`,
      `state_dir = "${folder}/state"`,
      'format = "bdb"',
      '[directory.ad]',
      ...Object.entries({ ...settings, allow_plaintext: allowPlaintext }).flatMap(([key, value]) =>
        value === undefined || value === false ? [] : [`${key} = ${JSON.stringify(value)}`],
      ),
      'retry_for = 0',
      '[tables.exch_table]',
      guard,
      '[[tables.exch_table.sources]]',
      'directory = "ad"',
      'filter = "(&(proxyAddresses=*)(mailNickname=*)(!(targetAddress=*)))"',
      'key = "{address}"',
      'value = "{primary}"',
      '[tables.o365_table]',
      guard,
      '[[tables.o365_table.sources]]',
      'directory = "ad"',
      'filter = "(&(proxyAddresses=*)(targetAddress=*))"',
      'key = "{address}"',
      'value = "{targetAddress}"',
      '',
    ].join('\n');
  }
}

function linesByKey(dat: string): Map<string, string> {
  return new Map(dat.split('\n').map((line) => [line.split(': ')[0] ?? '', line]));
}

const change = fc.record({ kind: fc.nat(12), a: fc.nat(50), b: fc.nat(50) });
const kill = fc.record({
  call: fc.constantFrom<Kill['call'][]>('write', 'fsync', 'rename', 'unlink'),
  at: fc.integer({ min: 1, max: 9 }),
  inMirror: fc.boolean(),
});
const step = fc.record({
  changes: fc.array(change, { minLength: 1, maxLength: 4 }),
  ends: fc.constantFrom('well', 'well', 'held', 'killed', 'killed', 'disturbed', 'disturbed', 'full'),
  which: fc.nat(20),
  kill,
});

/**
 * Random changes, and runs that end well, are held, killed or disturbed: after each, one more run publishes what a hub publishes that
 * knows nothing and asks for everything.
 *
 * @param count how many sequences; `LONG_RUN=20` tries twenty times as many
 */
export async function checkHubs(count: number, program: Program, start: () => Promise<Place>): Promise<void> {
  const steps = fc.array(step, { minLength: 3, maxLength: 6 });
  const property = fc.asyncProperty(steps, async (sequence) => {
    await using place = await start();
    const { world, disturbances } = place;
    const hubs = new Hubs(place, program);
    try {
      await hubs.run();
      await hubs.expectSame();
      for (const { changes, ends, which, kill } of sequence) {
        for (const { kind, a, b } of changes) await world.change(kind, a, b);
        if (ends === 'held')
          await hubs.run({
            force: false,
            guard: 'guard = { max_removed = 0, max_changed = 0, max_added = 0 }',
          });
        else if (ends === 'killed') await hubs.kill(kill);
        else if (ends === 'disturbed') {
          const all = Object.values(disturbances);
          await all[which % all.length]?.((options = {}) => hubs.run(options));
        }
        const report = await hubs.run({ full: ends === 'full' });
        expect(report.tables.map(({ failure }) => failure)).toEqual([undefined, undefined]);
        await hubs.expectSame();
      }
      await hubs.run({ full: true });
      await hubs.expectSame();
    } finally {
      hubs.remove();
    }
  });
  await fc.assert(property, { numRuns: count * Number(process.env.LONG_RUN ?? 1), endOnFailure: true });
}
