import { viewOf } from '../../../dbm/bytes.ts';
import type { Pairs } from '../../../dbm/pairs.ts';
import { lowerCaseAscii, printable } from '../../columns/bytes.ts';
import { allOf } from '../../columns/common-keys.ts';
import { entryOf } from '../../columns/entry-of.ts';
import { Tally } from '../../columns/tally.ts';
import { DomainSet } from './domain-set.ts';
import { inBoth, inEither } from './entry-lists.ts';
import { KeyFilters } from './key-filters.ts';
import { TableIndex } from './table-index.ts';

export type CrossCheck = 'duplicates' | 'shadowed' | 'not_local' | 'empty_domains' | 'loops';

/** A table as Exim sees it, or would see it. */
export interface TableView {
  readonly name: string;
  readonly role: 'addresses' | 'lists' | 'domains';
  /** That a value is its own key is meant so: what has the primary address for its value. */
  readonly pointsAtItself: boolean;
  /** The value of the key `bytes[start, end)`. */
  readonly get: (bytes: Uint8Array, start: number, end: number) => Uint8Array | undefined;
  /** All entries in the order of their keys; read from disk at the first call. */
  readonly columns: () => Pairs;
  /** Entries that have all its keys, where these can be had for less. */
  readonly keys?: (() => Iterable<Pairs>) | undefined;
}

/** What is new in a table, as numbers of `entries`, and what went. */
export interface Novelty {
  readonly view: TableView;
  /** The table as it will be, or no more of it than what is new. */
  readonly entries: Pairs;
  readonly added: Uint32Array;
  readonly changed: Uint32Array;
  readonly gone: Pairs;
}

/** Something that is not right between the tables. */
export interface CrossFinding {
  readonly check: CrossCheck;
  /** The table whose entries bring it. */
  readonly table: string;
  readonly count: number;
  readonly examples: readonly string[];
  readonly message: string;
}

/** A chain of redirections longer than this is none that anybody meant. */
const LONGEST_CHAIN = 32;
const EXAMPLES = 5;
/** So many entries are looked up one by one; for more, whole tables are gone through. */
const FEW = 1000;
const AT = 0x40;
const COMMA = 0x2c;

/** Everything that is not right between the tables. @param views in the order in which Exim asks them */
export function crossCheck(views: readonly TableView[]): CrossFinding[] {
  const all = views.map((view): Novelty => {
    const entries = view.columns();
    return { view, entries, added: allOf(entries), changed: NONE, gone: NOTHING };
  });
  return new CrossChecks(views, true).of(all);
}

/** What the entries that are new bring, and not what was so before. @param views the tables as they will be */
export function crossCheckNew(views: readonly TableView[], novelties: readonly Novelty[]): CrossFinding[] {
  return new CrossChecks(views, false).of(novelties);
}

const NONE = new Uint32Array(0);
const NOTHING: Pairs = {
  count: 0,
  pool: new Uint8Array(0),
  keyStart: NONE,
  keyEnd: NONE,
  valueStart: NONE,
  valueEnd: NONE,
};

class CrossChecks {
  readonly #views: readonly TableView[];
  /** Every entry is asked about: what two tables share is told once. */
  readonly #whole: boolean;
  readonly #domains: TableView | undefined;
  readonly #domainSet: DomainSet | undefined;
  readonly #tallies = new Map<
    string,
    { finding: Omit<CrossFinding, 'count' | 'examples'>; tally: Tally<string> }
  >();
  readonly #cycles = new Set<string>();
  #filters: KeyFilters | undefined;
  readonly #indexes = new Map<Pairs, TableIndex>();

  constructor(views: readonly TableView[], whole: boolean) {
    this.#views = views;
    this.#whole = whole;
    this.#domains = views.find(({ role }) => role === 'domains');
    this.#domainSet = this.#domains && new DomainSet(this.#domains.columns());
  }

  of(novelties: readonly Novelty[]): CrossFinding[] {
    for (const novelty of novelties) {
      if (novelty.view.role === 'domains') this.#lostDomains(novelty);
      else {
        this.#shared(novelty);
        this.#notLocal(novelty);
        this.#loops(novelty);
      }
    }
    this.#emptyDomains(novelties);
    return [...this.#tallies.values()].map(({ finding, tally: { count, examples } }) => {
      const more = count > examples.length ? ', ...' : '';
      const one = finding.check === 'empty_domains' ? 'domain' : 'address';
      const noun = count === 1 ? one : one === 'domain' ? 'domains' : 'addresses';
      const message = `${finding.message}: ${count} ${noun} (${examples.join(', ')}${more})`;
      return { ...finding, message, count, examples };
    });
  }

  #find(check: CrossCheck, table: string, message: string, describe: () => string): void {
    const name = `${check} ${table} ${message}`;
    let found = this.#tallies.get(name);
    if (found === undefined) {
      found = { finding: { check, table, message }, tally: new Tally(EXAMPLES) };
      this.#tallies.set(name, found);
    }
    found.tally.add(describe);
  }

  /** Keys that are in another table too. */
  #shared({ view, entries, added }: Novelty): void {
    const at = this.#views.indexOf(view);
    for (const [i, other] of this.#views.entries()) {
      if (other === view || other.role === 'domains' || (this.#whole && i > at)) continue;
      const first = i < at ? other : view;
      const isList = view.role === 'lists';
      const shadows = isList !== (other.role === 'lists');
      const [lists, people] = isList ? [view, other] : [other, view];
      const message = shadows
        ? `a list in ${lists.name} and a person in ${people.name}, and Exim takes ${first.name}`
        : `in ${this.#inOrder(view, other)}, and Exim takes ${first.name}`;
      for (const entry of this.#sharedWith(entries, added, other)) {
        this.#find(shadows ? 'shadowed' : 'duplicates', view.name, message, () => keyText(entries, entry));
      }
    }
  }

  #inOrder(a: TableView, b: TableView): string {
    return this.#views
      .filter((view) => view === a || view === b)
      .map(({ name }) => name)
      .join(' and ');
  }

  #notLocal({ view, entries, added }: Novelty): void {
    const set = this.#domainSet;
    if (set === undefined) return;
    const message = `in a domain that ${this.#domains?.name} does not have, so the mail does not come here`;
    for (const entry of this.#elsewhere(entries, added, set))
      this.#find('not_local', view.name, message, () => keyText(entries, entry));
  }

  /** Addresses whose domain goes. */
  #lostDomains({ view, gone }: Novelty): void {
    if (gone.count === 0) return;
    const lost = new DomainSet(gone);
    for (const other of this.#views) {
      if (other.role === 'domains') continue;
      const columns = other.columns();
      const { count, pool, keyStart, keyEnd } = columns;
      const poolView = viewOf(pool);
      for (let entry = 0; entry < count; entry++) {
        const [start, end] = [keyStart[entry], keyEnd[entry]];
        if (lost.domainOf(pool, poolView, start, end) < 0) continue;
        if (this.#domainSet !== undefined && this.#domainSet.domainOf(pool, poolView, start, end) >= 0)
          continue;
        const message = `in a domain that goes, and still in ${other.name}`;
        this.#find('not_local', view.name, message, () => keyText(columns, entry));
      }
    }
  }

  /** Domains without any address: all of them, or those that are new or have lost their last one. */
  #emptyDomains(novelties: readonly Novelty[]): void {
    const [domains, set] = [this.#domains, this.#domainSet];
    if (domains === undefined || set === undefined) return;
    const list = domains.columns();
    const asked = new Uint8Array(list.count);
    for (const { view, entries, added, gone } of novelties) {
      if (view === domains) for (const entry of added) asked[entryOf(list, ...keyAt(entries, entry))] = 1;
      else if (gone.count > 0) mark(set, gone, asked);
    }
    // What an address of the same tables has needs no look into the others.
    const used = new Uint8Array(list.count);
    const changed = novelties.map(({ view }) => view);
    const views = [...changed, ...this.#views.filter((view) => !changed.includes(view))];
    const countLeft = () =>
      asked.reduce((sum, isAsked, i) => sum + (isAsked === 1 && used[i] === 0 ? 1 : 0), 0);
    let left = countLeft();
    for (const view of views.filter((each) => each !== domains)) {
      if (left === 0) return;
      for (const pairs of view.keys?.() ?? [view.columns()]) {
        const known = this.#indexes.get(pairs)?.domains();
        if (known === undefined) mark(set, pairs, used, { asked, left });
        else for (const [domain, isMet] of known.isMet.entries()) if (isMet) used[domain] = 1;
        left = countLeft();
        // More of them may have to be read first.
        if (left === 0) return;
      }
    }
    for (let domain = 0; domain < list.count; domain++) {
      if (asked[domain] === 0 || used[domain] === 1) continue;
      this.#find('empty_domains', domains.name, 'without an address in any table', () =>
        keyText(list, domain),
      );
    }
  }

  #loops({ view, entries, added, changed }: Novelty): void {
    const { pool, keyStart, keyEnd, valueStart, valueEnd } = entries;
    const poolView = viewOf(pool);
    for (const list of [added, changed]) {
      for (const entry of list.length < FEW ? list : this.#withoutDeadEnds(view, entries, list)) {
        // Most values lead out of our domains: no loop goes on there.
        const isLocal =
          this.#isLocal(pool, poolView, valueStart[entry], valueEnd[entry]) &&
          this.#isLocal(pool, poolView, keyStart[entry], keyEnd[entry]);
        if (isLocal) this.#follow(view, pool.subarray(keyStart[entry], keyEnd[entry]));
      }
    }
  }

  /**
   * Leaves out those of many entries that are sure to lead into no loop: a chain ends at a value that is its own key, and at one that
   * is no key, or is in no domain of ours.
   */
  #withoutDeadEnds(view: TableView, pairs: Pairs, entries: Uint32Array): Uint32Array {
    const table = this.#index(pairs);
    const tables = this.#views.filter(({ role }) => role !== 'domains');
    const earlier = tables.slice(0, tables.indexOf(view));
    // Their values count for nothing, because Exim takes their keys from an earlier table.
    const taken = inEither(earlier.map((other) => table.sharedWith(this.#index(other.columns()))));
    const { own, open } = table.leads(
      taken,
      tables.map((other) => this.#index(other.columns())),
    );
    return inBoth(entries, inEither([open, taken, ...(view.pointsAtItself ? [] : own)]), pairs);
  }

  /** Of the entries `list`, in key order, those whose key is in another table too. */
  #sharedWith(pairs: Pairs, list: Uint32Array, other: TableView): Uint32Array {
    const { pool, keyStart, keyEnd } = pairs;
    if (list.length < FEW)
      return list.filter((entry) => other.get(pool, keyStart[entry], keyEnd[entry]) !== undefined);
    return inBoth(list, this.#index(pairs).sharedWith(this.#index(other.columns())), pairs);
  }

  /** Of the entries `list`, in key order, those whose key is an address in none of the domains. */
  #elsewhere(pairs: Pairs, list: Uint32Array, set: DomainSet): Uint32Array {
    const { pool, keyStart, keyEnd } = pairs;
    if (list.length >= FEW) return inBoth(list, this.#index(pairs).domains().elsewhere, pairs);
    const view = viewOf(pool);
    return list.filter((entry) => set.domainOf(pool, view, keyStart[entry], keyEnd[entry]) === -1);
  }

  #index(pairs: Pairs): TableIndex {
    this.#filters ??= new KeyFilters();
    const index = this.#indexes.get(pairs) ?? new TableIndex(pairs, this.#filters, this.#domainSet);
    this.#indexes.set(pairs, index);
    return index;
  }

  #isLocal(bytes: Uint8Array, view: DataView, start: number, end: number): boolean {
    return this.#domainSet === undefined || this.#domainSet.domainOf(bytes, view, start, end) >= 0;
  }

  /** Follows an address from table to table as Exim's redirections do. */
  #follow(view: TableView, start: Uint8Array): void {
    const chain: Buffer[] = [Buffer.from(start)];
    while (chain.length <= LONGEST_CHAIN) {
      const key = chain[chain.length - 1];
      const hit = this.#firstOf(key);
      if (hit === undefined) return;
      const next = Buffer.from(hit.value);
      lowerCaseAscii(next, 0, next.length);
      if (next.includes(COMMA) || !next.includes(AT)) return;
      if (next.equals(key)) {
        if (hit.view.pointsAtItself || chain.length > 1) return;
        this.#find('loops', view.name, 'passed on to itself', () => printable(key));
        return;
      }
      const back = chain.findIndex((each) => each.equals(next));
      if (back >= 0) {
        const cycle = chain.slice(back).map((each) => printable(each));
        const name = [...cycle].sort().join('\n');
        if (back === 0 && this.#cycles.has(name)) return;
        this.#cycles.add(name);
        const path = [...chain.map((each) => printable(each)), printable(next)].join(' -> ');
        if (back === 0 || !this.#whole) this.#find('loops', view.name, 'passed on in a loop', () => path);
        return;
      }
      if (!this.#isLocal(next, viewOf(next), 0, next.length)) return;
      chain.push(next);
    }
    const path = `${printable(start)} -> ${printable(chain[1])} -> ...`;
    this.#find('loops', view.name, `passed on more than ${LONGEST_CHAIN} times`, () => path);
  }

  #firstOf(key: Uint8Array): { readonly view: TableView; readonly value: Uint8Array } | undefined {
    for (const view of this.#views) {
      const value = view.role === 'domains' ? undefined : view.get(key, 0, key.length);
      if (value !== undefined) return { view, value };
    }
    return undefined;
  }
}

/**
 * Marks the domains that the keys are in.
 *
 * @param until so many of those that are asked for are not marked yet: when all are, no more are looked for
 */
function mark(
  set: DomainSet,
  { count, pool, keyStart, keyEnd }: Pairs,
  marks: Uint8Array,
  until?: { readonly asked: Uint8Array; readonly left: number },
): void {
  const view = viewOf(pool);
  let left = until?.left ?? -1;
  for (let i = 0; i < count && left !== 0; i++) {
    const domain = set.domainOf(pool, view, keyStart[i], keyEnd[i]);
    if (domain < 0 || marks[domain] === 1) continue;
    marks[domain] = 1;
    left -= until?.asked[domain] ?? 0;
  }
}

function keyAt({ pool, keyStart, keyEnd }: Pairs, i: number): [Uint8Array, number, number] {
  return [pool, keyStart[i], keyEnd[i]];
}

function keyText({ pool, keyStart, keyEnd }: Pairs, i: number): string {
  return printable(pool, keyStart[i], keyEnd[i]);
}
