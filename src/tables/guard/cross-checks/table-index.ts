import type { Pairs } from '../../../dbm/pairs.ts';
import { commonKeys } from '../../columns/common-keys.ts';
import { entryOf } from '../../columns/entry-of.ts';
import { CompiledTexts, type KeyDomains } from './compiled-texts.ts';
import type { DomainSet } from './domain-set.ts';
import { inEither } from './entry-lists.ts';
import type { KeyFilter, KeyFilters } from './key-filters.ts';

/** So many keys that may be in another table are each looked for there. */
const FEW_KEYS = 64;
/** So many entries are not looked at more closely: whoever asks for them has as much to do. */
const FEW = 1000;
/** What an entry that is not there becomes in a list of numbers. */
const NONE = 0xffffffff;

/** Entries by where their values lead. */
export interface Leads {
  /** Those whose value is their own key, in ascending lists. */
  readonly own: readonly Uint32Array[];
  /** Of the others those whose value, in lower case, may be a key in one of our domains. */
  readonly open: Uint32Array;
}

/** What the keys of a table are. */
interface Keys {
  readonly hashes: Uint32Array;
  readonly domains: KeyDomains;
}

/** What is asked of a large table again and again; each is worked out when it is asked for first. */
export class TableIndex {
  readonly #pairs: Pairs;
  readonly #filters: KeyFilters;
  readonly #domains: DomainSet | undefined;
  #texts: CompiledTexts | undefined;
  #keys: Keys | undefined;
  #filter: KeyFilter | undefined;
  readonly #shared = new Map<TableIndex, Uint32Array>();

  /** @param pairs in the order of their keys */
  constructor(pairs: Pairs, filters: KeyFilters, domains?: DomainSet) {
    this.#pairs = pairs;
    this.#filters = filters;
    this.#domains = domains;
  }

  /** The entries, in the order of their keys, whose key is in another table too. */
  sharedWith(other: TableIndex): Uint32Array {
    const known = this.#shared.get(other);
    if (known !== undefined) return known;
    const [fewer, more] = this.#pairs.count < other.#pairs.count ? [this, other] : [other, this];
    const [mine, theirs] = fewer.#findShared(more);
    fewer.#shared.set(more, mine);
    more.#shared.set(fewer, theirs);
    return this === fewer ? mine : theirs;
  }

  /** Where the keys are among the domains. */
  domains(): KeyDomains {
    return this.#read().domains;
  }

  /**
   * Where the values lead.
   *
   * @param passedOver entries whose values lead nowhere, not to their own keys either
   * @param tables which may have the keys that values are
   */
  leads(passedOver: Uint32Array, tables: readonly TableIndex[]): Leads {
    const { own, open } = this.#compiled().valueLeads(passedOver);
    if (open.length < FEW) return { own, open };
    const hashes = this.#compiled().hashValues(open);
    const found = inEither(tables.map((table) => this.#filters.passing(hashes, table.#keyFilter())));
    return { own, open: found.map((i) => open[i]) };
  }

  /** The entries of this table, and those of the other one. */
  #findShared(other: TableIndex): readonly [Uint32Array, Uint32Array] {
    const [pairs, otherPairs] = [this.#pairs, other.#pairs];
    const { hashes } = this.#read();
    const list = this.#filters.passing(hashes, other.#keyFilter());
    if (list.length > FEW_KEYS) {
      const filter = this.#filters.filter(list.map((entry) => hashes[entry]));
      const mine = { pairs, list };
      const theirs = { pairs: otherPairs, list: this.#filters.passing(other.#read().hashes, filter) };
      return [commonKeys(mine, theirs), commonKeys(theirs, mine)];
    }
    const { pool, keyStart, keyEnd } = pairs;
    const found = list.map((entry) => entryOf(otherPairs, pool, keyStart[entry], keyEnd[entry]));
    const isThere = (entry: number): boolean => entry !== NONE;
    return [list.filter((_, i) => isThere(found[i])), found.filter(isThere)];
  }

  #keyFilter(): KeyFilter {
    this.#filter ??= this.#filters.filter(this.#read().hashes);
    return this.#filter;
  }

  #read(): Keys {
    if (this.#keys !== undefined) return this.#keys;
    const hashes = this.#filters.room(this.#pairs.count);
    const found = this.#compiled().readKeys((first, some) => hashes.set(some, first));
    const domains = this.#domains?.withWildcards(this.#pairs, found) ?? found;
    this.#keys = { hashes, domains };
    return this.#keys;
  }

  #compiled(): CompiledTexts {
    this.#texts ??= new CompiledTexts(this.#pairs, this.#domains);
    return this.#texts;
  }
}
