import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import type { Fault } from '../../../fixtures/server/fault.ts';
import type { FixtureServer } from '../../../fixtures/server/server.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { formats } from '../../../src/dbm/index.ts';
import { Overrides } from '../../../src/state/overrides.ts';
import { Pins } from '../../../src/state/pins.ts';
import type { BuildOptions } from '../../../src/tables/build.ts';
import { addOverride, removeOverride } from '../../../src/tables/decisions/override.ts';
import { OverrideError } from '../../../src/tables/decisions/override-error.ts';
import { pinTables, unpinTables } from '../../../src/tables/decisions/pin.ts';
import { RollbackError, rollback } from '../../../src/tables/decisions/rollback.ts';
import type { BuildReport } from '../../../src/tables/report.ts';
import { datOf, type Entries, Hub } from '../hub.ts';
import { entriesOf } from '../pairs.ts';

const base = 'DC=ad,DC=example,DC=ac,DC=uk';
const HOUR = 3_600_000;
/** How long what is gone stays in the table of the late. */
const KEEP = 48 * HOUR;

/** Two that share the people of a directory, one of a file that may be missing and the directory, and one of a file. */
export const tables = ['exch', 'o365', 'mix', 'filed'] as const;
export type Table = (typeof tables)[number];

/** What a dbm file of a hub holds. */
export function shown(hub: Hub, name: string): Map<string, string> {
  const file = formats.bdb.open(join(hub.tablesDir, name));
  try {
    return new Map(entriesOf(file.pairs()));
  } finally {
    file.close();
  }
}

/** How somebody's address reads. */
export const keyOf = (person: number): string => `p${person}@example.ac.uk`;

/**
 * A hub with all kinds of tables, its directory and its files, whoever does something to them, and what should come of it. The time
 * of day is the test's (`vi.useFakeTimers`).
 */
export class Story {
  readonly hub: Hub;
  /** Their mailboxes, by number: those at ex.x are in `exch`, those at of.x in `o365`. */
  readonly people: Map<number, string>;
  readonly #server: FixtureServer;
  readonly #mix = new Map([['fm@x', 'a@b']]);
  readonly #filed = new Map([['ff@x', 'a@b']]);
  #isMixThere = true;
  #hasPrefix = false;
  #names = 100;

  private constructor(hub: Hub, people: Map<number, string>, server: FixtureServer) {
    this.hub = hub;
    this.people = people;
    this.#server = server;
    this.#configure();
    this.#put('mix', this.#mix);
    this.#put('filed', this.#filed);
  }

  static async begin(): Promise<Story> {
    const hub = new Hub();
    const mailboxes = Array.from({ length: 8 }, (_, i) => `m${i}@${i % 2 ? 'ex' : 'of'}.x`);
    const people = new Map(mailboxes.entries());
    const server = await hub.serve(new Map(mailboxes.map((mailbox, i) => [keyOf(i), mailbox])));
    return new Story(hub, people, server);
  }

  /** One of many things that may happen to a hub; `a` and `b` choose to what. What can't be done just now is left out. */
  async happen(kind: number, a: number, b: number): Promise<void> {
    const table = tables[b % tables.length] ?? 'exch';
    const person = [...this.people.keys()][a % this.people.size] ?? 0;
    const happenings = [
      () => this.move(person, b),
      () => this.move(person, b + 1),
      () => this.leave(person),
      () => this.join(b),
      () => this.#put('filed', this.#filed.set(`f${a % 3}@x`, this.#newName())),
      () => this.#replaceFiled(),
      () => this.#changeMix(b % 2 === 0 ? `p${person}@mix` : `m${a % 3}@x`),
      () => this.#takeMixAway(),
      () => this.#pin(table),
      () => this.override(table, b % 3 === 0 ? `o${a % 3}@x` : keyOf(person), a % 3 > 0, b % 2 === 0),
      () => this.override(table, keyOf(person), a % 2 > 0, true),
      () => this.#dropOverride(),
      () => this.wait(2 * HOUR),
      () => this.wait(25 * HOUR),
      () => this.wait(-HOUR),
      () => this.wait(10_000),
      () => this.#editByHand(table),
      () => this.#buildByHand(table),
      () => this.#lose(table, '.dat'),
      () => this.#lose(table, ''),
      () => this.#loseState(),
      () => rmSync(this.hub.at('state/mirror'), { recursive: true, force: true }),
      () => rmSync(this.hub.at('state/derived.json'), { force: true }),
      () => this.#reconfigure(),
      () => this.#rollBack(table),
    ];
    await happenings[kind % happenings.length]?.();
  }

  move(person: number, where: number): void {
    const mailbox = `n${this.#names++}@${where % 2 ? 'ex' : 'of'}.x`;
    this.people.set(person, mailbox);
    this.#server.changes.modify(`CN=${person},${base}`, [
      { kind: 'replace', attribute: 'targetAddress', values: [Buffer.from(`SMTP:${mailbox}`)] },
    ]);
  }

  leave(person: number): void {
    if (this.people.size <= 5) return;
    this.people.delete(person);
    this.#server.changes.delete(`CN=${person},${base}`);
  }

  join(where: number): void {
    const person = this.#names++;
    const mailbox = `n${person}@${where % 2 ? 'ex' : 'of'}.x`;
    this.people.set(person, mailbox);
    const attributes = { objectClass: 'user', cn: String(person), proxyAddresses: `SMTP:${keyOf(person)}` };
    this.#server.changes.add({
      dn: `CN=${person},${base}`,
      attributes: Object.entries({ ...attributes, targetAddress: `SMTP:${mailbox}` }).map(([name, value]) => [
        name,
        Buffer.from(value),
      ]),
    });
  }

  override(table: Table, key: string, hasValue: boolean, expires: boolean): Promise<void> {
    return unlessRefused(async () => {
      await addOverride(await this.#config(), {
        table,
        key,
        value: hasValue ? this.#newName() : undefined,
        who: 'me',
        why: '',
        expires: expires ? new Date(Date.now() + HOUR) : undefined,
      });
    });
  }

  wait(milliseconds: number): void {
    vi.setSystemTime(Date.now() + milliseconds);
  }

  /** A run; nobody who has an address loses it. @param fault what the directory does meanwhile */
  async run(options: BuildOptions = {}, fault?: Fault): Promise<BuildReport> {
    const before = this.#addresses();
    this.#server.setFault(...(fault === undefined ? [] : [fault]));
    const report = await this.hub.build(options);
    this.#server.setFault();
    const after = this.#addresses();
    const byHand = new Overrides(this.hub.stateDir).list().map(({ key }) => key);
    const lost = [...this.people.keys()].map(keyOf).filter((key) => before.has(key) && !after.has(key));
    if (options.dryRun !== true) expect(lost.filter((key) => !byHand.includes(key))).toEqual([]);
    return report;
  }

  /** Whether what a run says of its tables is true. @param isWhole nothing went wrong: there is nothing to hold, and nothing to wait for */
  check(report: BuildReport, isWhole = false): void {
    for (const { name, outcome, findings } of report.tables) {
      if (outcome === 'published' || outcome === 'unchanged') {
        // What a missing optional file gave stays.
        if (name === 'mix' && !this.#isMixThere) continue;
        expect(this.hub.text(`etc/${name}.dat`), name).toBe(datOf(this.#expected(name)));
        expect(datOf(shown(this.hub, name)), name).toBe(datOf(this.#expected(name)));
      } else expect(isWhole, `${name} is ${outcome}`).toBe(false);
      if (outcome === 'held') expect(['waits', 'empty'], name).toContain(findings[0]?.rule);
    }
    if (isWhole) expect(report.derived.map(({ outcome }) => outcome)).not.toContain('failed');
    const isCalm = report.tables.every(({ outcome }) => outcome === 'published' || outcome === 'unchanged');
    if (isCalm && report.tables.length === tables.length) this.#checkDerived(report);
  }

  /** Nothing stands in the way any more, and after a run that says so nothing is left to do. */
  async end(): Promise<void> {
    const pinned = tables.filter((table) => new Pins(this.hub.stateDir).get(table) !== undefined);
    if (pinned.length > 0) unpinTables(await this.#config(), pinned, 'me', '');
    if (!this.#isMixThere) this.#takeMixAway();
    this.check(await this.run(), true);
    this.wait(10_000);
    await this.run();
    const report = await this.run();
    expect(report.tables.map(({ outcome }) => outcome)).toEqual(tables.map(() => 'unchanged'));
    this.check(report, true);
  }

  #checkDerived({ derived }: BuildReport): void {
    const isGood = (name: string) => derived.find((each) => each.name === name)?.outcome !== 'failed';
    const all = new Map<string, string>();
    for (const table of tables) {
      for (const [key, value] of shown(this.hub, table)) if (!all.has(key)) all.set(key, `${table} ${value}`);
    }
    if (isGood('all')) expect(datOf(shown(this.hub, 'all'))).toBe(datOf(all));
    if (!isGood('late')) return;
    for (const [key, value] of shown(this.hub, 'late')) {
      expect(all.has(key), `${key} is late and there`).toBe(false);
      expect(Date.now() - Date.parse(value.split(' ')[1] ?? '')).toBeLessThan(KEEP + 1000);
    }
  }

  #expected(name: string): Map<string, string> {
    const entries = new Map<string, string>();
    for (const [person, mailbox] of this.people) {
      const isOf = (domain: string) => mailbox.endsWith(`@${domain}`);
      if (name === 'exch' && isOf('ex.x'))
        entries.set(keyOf(person), `${this.#hasPrefix ? 'x-' : ''}${mailbox}`);
      if (name === 'o365' && isOf('of.x')) entries.set(keyOf(person), mailbox);
      if (name === 'mix') entries.set(`p${person}@mix`, mailbox);
    }
    const file = { mix: this.#mix, filed: this.#filed }[name] ?? [];
    for (const [key, value] of file) entries.set(key, value);
    for (const { table, key, value, expires } of new Overrides(this.hub.stateDir).list()) {
      if (table !== name || (expires !== undefined && expires <= new Date())) continue;
      if (value === undefined) entries.delete(key);
      else entries.set(key, value);
    }
    return entries;
  }

  /** Those that Exim finds in one table of people or the other. */
  #addresses(): Set<string> {
    const there = (['exch', 'o365'] as const).filter((name) => existsSync(this.hub.at(`etc/${name}`)));
    return new Set(there.flatMap((name) => [...shown(this.hub, name).keys()]));
  }

  #config() {
    return loadConfig(this.hub.configFile);
  }

  #newName(): string {
    return `n${this.#names++}@y`;
  }

  #put(name: 'mix' | 'filed', entries: Entries): void {
    this.hub.put(`in/${name}.dat`, entries);
  }

  /** With an entry less, and as another file. */
  #replaceFiled(): void {
    const [, second] = this.#filed.keys();
    if (second !== undefined) this.#filed.delete(second);
    this.hub.put('in/new', this.#filed);
    renameSync(this.hub.at('in/new'), this.hub.at('in/filed.dat'));
  }

  #changeMix(key: string): void {
    this.#mix.set(key, this.#newName());
    if (this.#isMixThere) this.#put('mix', this.#mix);
  }

  /** Or brings it back. */
  #takeMixAway(): void {
    this.#isMixThere = !this.#isMixThere;
    if (this.#isMixThere) this.#put('mix', this.#mix);
    else rmSync(this.hub.at('in/mix.dat'));
  }

  async #pin(table: Table): Promise<void> {
    const isPinned = new Pins(this.hub.stateDir).get(table) !== undefined;
    (isPinned ? unpinTables : pinTables)(await this.#config(), [table], 'me', '');
  }

  async #dropOverride(): Promise<void> {
    const [first] = new Overrides(this.hub.stateDir).list();
    if (first === undefined) return;
    const { table, key } = first;
    await unlessRefused(async () => {
      await removeOverride(await this.#config(), { table, key, who: 'me', why: '' });
    });
  }

  #rollBack(table: Table): Promise<void> {
    return unlessRefused(async () => {
      const how = { tables: [table], to: undefined, by: 'rollback', who: 'me', why: '' } as const;
      await rollback(await this.#config(), how);
    });
  }

  #editByHand(table: Table): void {
    const dat = this.hub.at(`etc/${table}.dat`);
    if (existsSync(dat)) appendFileSync(dat, `hand${this.#names++}@x: y@z\n`);
  }

  #buildByHand(table: Table): void {
    if (!existsSync(this.hub.at(`etc/${table}.dat`))) return;
    this.hub.put('in/other.dat', `hand${this.#names++}@x: y@z\n`);
    const paths = [this.hub.at('in/other.dat'), this.hub.at(`etc/${table}`)];
    execFileSync('/usr/sbin/exim_dbmbuild', paths, { stdio: 'ignore' });
  }

  #lose(table: Table, suffix: '' | '.dat'): void {
    if (new Pins(this.hub.stateDir).get(table) === undefined)
      rmSync(this.hub.at(`etc/${table}${suffix}`), { force: true });
  }

  #loseState(): void {
    for (const suffix of ['', '-wal', '-shm', '-journal'])
      rmSync(this.hub.at(`state/state.sqlite${suffix}`), { force: true });
  }

  #reconfigure(): void {
    this.#hasPrefix = !this.#hasPrefix;
    this.#configure();
  }

  #configure(): void {
    const guard = 'guard = { max_removed = "100%" }\n';
    const from = (table: Table, filter: string, value: string, key = '{address}') =>
      `[[tables.${table}.sources]]\ndirectory = "ad"\nfilter = "${filter}"\nkey = "${key}"\nvalue = "${value}"\n`;
    const file = (table: Table, more = '') =>
      `[[tables.${table}.sources]]\nfile = "IN/${table}.dat"\n${more}`;
    const names = JSON.stringify(tables);
    this.hub.configure(
      [
        `[tables.exch]\n${guard}`,
        from('exch', '(targetAddress=*@ex.x)', this.#hasPrefix ? 'x-{targetAddress}' : '{targetAddress}'),
        `[tables.o365]\n${guard}`,
        from('o365', '(targetAddress=*@of.x)', '{targetAddress}'),
        `[tables.mix]\n${guard}`,
        file('mix', 'optional = true\n'),
        from('mix', '(targetAddress=*)', '{targetAddress}', '{local_part}@mix'),
        `[tables.filed]\n${guard}`,
        file('filed'),
        `[combined.all]\ntables = ${names}\n`,
        `[grace.late]\ntables = ${names}\nkeep = "2 days"\n`,
      ].join(''),
    );
  }
}

/** What a command refuses to do is not done, and that is fine. */
async function unlessRefused(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    if (!(error instanceof OverrideError || error instanceof RollbackError)) throw error;
  }
}
