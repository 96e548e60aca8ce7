import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { DirectorySettings } from '../../src/ldap/types.ts';
import { type BuildOptions, build } from '../../src/tables/build.ts';
import type { BuildReport } from '../../src/tables/report.ts';
import type { World } from '../ldap/deltas/world.ts';

/** A directory that can be changed and disturbed. */
export interface Place extends AsyncDisposable {
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

/** A hub whose runs end in many ways, and others that know nothing and ask for everything. */
class Hubs {
  readonly folder = mkdtempSync(join(room, 'deltas-'));
  readonly #settings: DirectorySettings;
  #fresh = 0;

  constructor(settings: DirectorySettings) {
    this.#settings = settings;
    mkdirSync(join(this.folder, 'hub/etc'), { recursive: true });
  }

  async run(options: BuildOptions & { readonly guard?: string } = {}): Promise<BuildReport> {
    return this.#build('hub', { force: true, ...options });
  }

  /** A run that was killed: between the commit of the mirror and the first table that is put in place, or before both. */
  async killed(before: boolean): Promise<void> {
    const at = (name: string): string => join(this.folder, name);
    cpSync(at('hub'), at('was'), { recursive: true, preserveTimestamps: true });
    await this.run();
    for (const part of before ? ['etc', 'state'] : ['etc', 'state/state.sqlite']) {
      rmSync(join(at('hub'), part), { recursive: true, force: true });
      if (existsSync(join(at('was'), part)))
        cpSync(join(at('was'), part), join(at('hub'), part), { recursive: true });
    }
    rmSync(at('was'), { recursive: true });
  }

  /** Whether the hub has, byte for byte, what a hub has that asks for everything. */
  async expectSame(): Promise<void> {
    const name = `fresh${this.#fresh++}`;
    mkdirSync(join(this.folder, name, 'etc'), { recursive: true });
    const report = await this.#build(name, { force: true, full: true });
    expect(report.directories.map(({ mode }) => mode)).toEqual(['full']);
    for (const file of tables.flatMap((table) => [`${table}.dat`, table])) {
      const [ours, fresh] = ['hub', name].map((hub) => readFileSync(join(this.folder, hub, 'etc', file)));
      expect(ours?.toString('latin1'), file).toBe(fresh?.toString('latin1'));
    }
    rmSync(join(this.folder, name), { recursive: true });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #build(hub: string, { guard = '', ...options }: BuildOptions & { readonly guard?: string }) {
    const file = join(this.folder, hub, 'mailhub-tables.toml');
    writeFileSync(file, this.#configuration(join(this.folder, hub), guard));
    return build(await loadConfig(file), { allowEmpty: true, ...options });
  }

  #configuration(folder: string, guard: string): string {
    const { urls, base, bindDn, passwordFile, caFile, starttls, allowPlaintext } = this.#settings;
    const settings = { urls, base, bind_dn: bindDn, password_file: passwordFile, ca_file: caFile, starttls };
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

const change = fc.record({ kind: fc.nat(11), a: fc.nat(50), b: fc.nat(50) });
const step = fc.record({
  changes: fc.array(change, { minLength: 1, maxLength: 4 }),
  ends: fc.constantFrom('well', 'well', 'held', 'killed', 'killed before', 'disturbed', 'disturbed', 'full'),
  which: fc.nat(20),
});

/**
 * Random changes, and runs that end well, are held, killed or disturbed: after each, one more run publishes what a hub publishes that
 * knows nothing and asks for everything.
 *
 * @param count how many sequences; `LONG_RUN=20` tries twenty times as many
 */
export async function checkHubs(count: number, start: () => Promise<Place>): Promise<void> {
  const steps = fc.array(step, { minLength: 3, maxLength: 6 });
  const property = fc.asyncProperty(steps, async (sequence) => {
    await using place = await start();
    const { settings, world, disturbances } = place;
    const hubs = new Hubs(settings);
    try {
      await hubs.run();
      await hubs.expectSame();
      for (const { changes, ends, which } of sequence) {
        for (const { kind, a, b } of changes) await world.change(kind, a, b);
        if (ends === 'held')
          await hubs.run({
            force: false,
            guard: 'guard = { max_removed = 0, max_changed = 0, max_added = 0 }',
          });
        else if (ends === 'killed' || ends === 'killed before') await hubs.killed(ends === 'killed before');
        else if (ends === 'disturbed') {
          const all = Object.values(disturbances);
          await all[which % all.length]?.((options = {}) => hubs.run(options));
        }
        const report = await hubs.run({ full: ends === 'full' });
        expect(report.tables.map(({ failure }) => failure)).toEqual([undefined, undefined]);
        await hubs.expectSame();
      }
    } finally {
      hubs.remove();
    }
  });
  await fc.assert(property, { numRuns: count * Number(process.env.LONG_RUN ?? 1), endOnFailure: true });
}
