import type { Config, TableConfig } from '../../config/config.ts';
import { DbmError } from '../../dbm/error.ts';
import type { DbmFile } from '../../dbm/format.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import { type HeldCandidate, HeldCandidates, type HeldFinding } from '../../state/held.ts';
import { Pins } from '../../state/pins.ts';
import { type Rejection, Rejections } from '../../state/rejections.ts';
import { State } from '../../state/state.ts';
import { printable } from '../columns/bytes.ts';
import { type Difference, diff } from '../columns/diff.ts';
import { entryOf } from '../columns/entry-of.ts';
import { NO_ENTRIES } from '../columns/no-entries.ts';
import type { Table } from '../columns/table.ts';
import { PublishError } from '../error.ts';
import { unitOf } from '../guard/unit.ts';
import { type OpenProvenance, openProvenance } from '../mirror/open-provenance.ts';
import type { Origin } from '../mirror/provenance.ts';
import { tableFiles } from '../publish/files.ts';
import { type ChosenFormats, chooseFormats } from '../publish/formats.ts';
import { readKeptText } from '../publish/kept-text.ts';
import { surveyTable } from '../publish/survey.ts';
import { selectTables } from '../select.ts';
import { sourceName } from '../source-name.ts';
import { changesByDomain, type DomainChange } from '../sources/domains.ts';

/** How many entries have something in common. */
export interface ReviewGroup {
  readonly label: string;
  readonly count: number;
}

/** One entry that would go, come or change; texts are printable. */
export interface ReviewEntry {
  readonly change: 'removed' | 'added' | 'changed';
  readonly key: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** What happened to it, in words. */
  readonly what: string;
  /** The object of the directory that it comes from, or came from last. */
  readonly origin: Origin | undefined;
}

/** What a table is held for, and what would become of it. */
export interface Review {
  readonly table: string;
  readonly digest: string;
  readonly since: Date;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
  readonly findings: readonly HeldFinding[];
  /** Somebody refused just this. */
  readonly rejection: Rejection | undefined;
  /** The candidate is a `.dat` that somebody wrote. */
  readonly byHand: boolean;
  readonly keptByHand: boolean;
  /** Where its entries come from, as reports name it. */
  readonly sources: readonly string[];
  /** Why the candidate can't be approved as things are. */
  readonly outdated: string | undefined;
  /** Entries that are published, and of the candidate. */
  readonly before: number;
  readonly after: number;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  /** The difference by what happened, by domain, and, of what would go, by organisational unit. The largest come first. */
  readonly happened: readonly ReviewGroup[];
  readonly domains: readonly DomainChange[];
  readonly units: readonly ReviewGroup[];
  /** Every entry that differs: what would go first, then what would change, then what would come. */
  readonly entries: () => Generator<ReviewEntry>;
}

export interface ReviewReport {
  readonly held: readonly Review[];
  /** Tables that were asked for and are not held. */
  readonly notHeld: readonly string[];
}

/**
 * What is held, and what it would change. Needs neither the lock nor a directory, and writes nothing.
 *
 * @param tables undefined or none: all
 * @throws UnknownTableError; PublishError where what was kept is not there; EximError
 */
export async function review(config: Config, tables?: readonly string[]): Promise<ReviewReport> {
  const selected = selectTables(config, tables);
  const reader = new Reviewer(config, await chooseFormats(config), await openProvenance(config));
  try {
    const held: Review[] = [];
    const notHeld: string[] = [];
    for (const table of config.tables) {
      if (!selected.has(table.name)) continue;
      const found = reader.review(table);
      if (found === undefined) notHeld.push(table.name);
      else held.push(found);
    }
    return { held, notHeld };
  } finally {
    reader.close();
  }
}

/** Looks at one table after the other, and where else their keys are. */
class Reviewer {
  readonly #config: Config;
  readonly #formats: ChosenFormats;
  readonly #provenance: OpenProvenance;
  readonly #held: HeldCandidates;
  readonly #texts = new Map<string, Table>();
  readonly #dbm = new Map<string, DbmFile | undefined>();
  /** The latest candidate of each table; undefined for one that is not held. */
  readonly #latest = new Map<string, HeldCandidate | undefined>();

  constructor(config: Config, formats: ChosenFormats, provenance: OpenProvenance) {
    this.#config = config;
    this.#formats = formats;
    this.#provenance = provenance;
    this.#held = new HeldCandidates(config.stateDir);
  }

  review(config: TableConfig): Review | undefined {
    const { name } = config;
    const held = this.#heldOf(name);
    if (held === undefined) return undefined;
    const before: Pairs = held.published === undefined ? NO_ENTRIES : this.#text(name, held.published);
    const after: Pairs = this.#text(name, held.candidate);
    const difference = diff(before, after);
    const { added, removed, changedBefore } = difference;
    const rejection = new Rejections(this.#config.stateDir).get(name);
    const what = this.#whatHappened(config, held, before, after, difference);
    const entries = (): Generator<ReviewEntry> => listed(before, after, difference, what);
    return {
      table: name,
      digest: held.digest,
      since: held.since,
      firstSeen: held.firstSeen,
      lastSeen: held.lastSeen,
      findings: held.findings,
      rejection: rejection?.findingsKey === held.findingsKey ? rejection : undefined,
      byHand: held.byHand,
      keptByHand: config.sources.length === 0,
      sources: config.sources.map(sourceName),
      outdated: this.#outdated(config, held),
      before: before.count,
      after: after.count,
      added: added.length,
      removed: removed.length,
      changed: changedBefore.length,
      happened: grouped([...what.removed, ...what.changed, ...what.added].map(({ what: label }) => label)),
      domains: changesByDomain(before, difference),
      units: grouped(what.removed.flatMap(({ origin }) => (origin === undefined ? [] : [unitOf(origin.dn)]))),
      entries,
    };
  }

  close(): void {
    this.#provenance.close();
    for (const file of this.#dbm.values()) file?.close();
  }

  #heldOf(table: string): HeldCandidate | undefined {
    if (!this.#latest.has(table)) this.#latest.set(table, this.#held.list(table)[0]);
    return this.#latest.get(table);
  }

  #text(table: string, digest: string): Table {
    const path = this.#held.path(table, digest);
    let text = this.#texts.get(path);
    text ??= readKeptText(path, digest, 'mailhub-tables build judges what the sources give anew');
    this.#texts.set(path, text);
    return text;
  }

  /** Whether what is published is still what the candidate was compared with. */
  #outdated(config: TableConfig, held: HeldCandidate): string | undefined {
    const pin = new Pins(this.#config.stateDir).get(config.name);
    if (pin !== undefined) return 'the table is pinned: unpin it, and the next build judges anew';
    const files = tableFiles(this.#config.tablesDir, config.name, this.#formats.of(config));
    const state = State.peek(this.#config.stateDir);
    try {
      const { published } = surveyTable(files, config.name, state);
      if (published?.digest === held.published) return undefined;
      return 'what is published has changed since: the next build judges anew';
    } catch (error) {
      if (error instanceof PublishError || error instanceof DbmError) return error.message;
      throw error;
    } finally {
      state?.close();
    }
  }

  #whatHappened(
    config: TableConfig,
    held: HeldCandidate,
    before: Pairs,
    after: Pairs,
    { added, removed, changedAfter }: Difference,
  ): Happened {
    const { name } = config;
    const gone =
      held.byHand || config.sources.length === 0 ? 'no longer in the .dat' : goneFromSources(config);
    const others = this.#config.tables.filter((table) => table.name !== name);
    const keyOf = (pairs: Pairs, entry: number): Uint8Array =>
      pairs.pool.subarray(pairs.keyStart[entry], pairs.keyEnd[entry]);
    return {
      removed: Array.from(removed, (entry) => {
        const key = keyOf(before, entry);
        const departure = this.#provenance.departure(name, key);
        const origin = departure ?? this.#provenance.origin(name, key);
        const to = others.find((other) => this.#willShow(other, key));
        if (to !== undefined) return { what: `moves to ${to.name}`, origin };
        return { what: departure === undefined ? gone : DEPARTURES[departure.what], origin };
      }),
      changed: Array.from(changedAfter, (entry) => ({
        what: 'another value',
        origin: this.#provenance.origin(name, keyOf(after, entry)),
      })),
      added: Array.from(added, (entry) => {
        const key = keyOf(after, entry);
        const origin = this.#provenance.origin(name, key);
        const from = others.find((other) => this.#shows(other, key));
        return { what: from === undefined ? 'new' : `moves here from ${from.name}`, origin };
      }),
    };
  }

  /** Whether a table shows a key now. */
  #shows(config: TableConfig, key: Uint8Array): boolean {
    const { name } = config;
    if (!this.#dbm.has(name)) this.#dbm.set(name, this.#openDbm(config));
    try {
      return this.#dbm.get(name)?.get(key) !== undefined;
    } catch (error) {
      if (error instanceof DbmError) return false;
      throw error;
    }
  }

  /** Whether a table has a key now and keeps it, or would gain it by what is held of it. */
  #willShow(config: TableConfig, key: Uint8Array): boolean {
    const held = this.#heldOf(config.name);
    if (held === undefined) return this.#shows(config, key);
    return entryOf(this.#text(config.name, held.candidate), key) >= 0;
  }

  #openDbm(config: TableConfig): DbmFile | undefined {
    const [dbm] = tableFiles(this.#config.tablesDir, config.name, this.#formats.of(config)).dbm;
    try {
      return dbm.format.open(dbm.path);
    } catch (error) {
      if (error instanceof DbmError) return undefined;
      throw error;
    }
  }
}

/** What happened to each entry of a difference, in its order. */
interface Happened {
  readonly removed: readonly Cause[];
  readonly changed: readonly Cause[];
  readonly added: readonly Cause[];
}

interface Cause {
  readonly what: string;
  readonly origin: Origin | undefined;
}

const DEPARTURES = {
  deleted: 'account deleted',
  changed: 'address removed, or its object no longer selected',
  unknown: 'no longer brought by the directory',
} as const;

function goneFromSources(config: TableConfig): string {
  const kinds = new Set(config.sources.map(({ kind }) => (kind === 'directory' ? 'directory' : 'file')));
  if (kinds.size > 1) return 'no longer in any source';
  return kinds.has('file') ? 'no longer in its file: the source is shorter' : DEPARTURES.unknown;
}

/** How many of each there are, most first. */
function grouped(labels: readonly string[]): ReviewGroup[] {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts]
    .map(([label, count]) => ({ label, count }))
    .sort((a, b) => b.count - a.count || (a.label < b.label ? -1 : 1));
}

function* listed(
  before: Pairs,
  after: Pairs,
  { added, removed, changedBefore, changedAfter }: Difference,
  what: Happened,
): Generator<ReviewEntry> {
  for (const [n, entry] of removed.entries()) {
    const [key, from] = texts(before, entry);
    yield { change: 'removed', key, from, to: undefined, ...what.removed[n] };
  }
  for (const [n, entry] of changedAfter.entries()) {
    const [key, to] = texts(after, entry);
    yield { change: 'changed', key, from: texts(before, changedBefore[n])[1], to, ...what.changed[n] };
  }
  for (const [n, entry] of added.entries()) {
    const [key, to] = texts(after, entry);
    yield { change: 'added', key, from: undefined, to, ...what.added[n] };
  }
}

function texts({ pool, keyStart, keyEnd, valueStart, valueEnd }: Pairs, entry: number): [string, string] {
  return [
    printable(pool, keyStart[entry], keyEnd[entry]),
    printable(pool, valueStart[entry], valueEnd[entry]),
  ];
}
