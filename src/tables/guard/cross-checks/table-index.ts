import type { Pairs } from '../../../dbm/pairs.ts';
import { commonKeys } from '../../columns/common-keys.ts';
import { CompiledTexts, type KeyDomains, type OwnValues } from './compiled-texts.ts';
import type { DomainSet } from './domain-set.ts';
import type { KeyFilter, KeyFilters } from './key-filters.ts';

/** What is asked of a large table again and again; each is worked out when it is asked for first. */
export class TableIndex {
  readonly #pairs: Pairs;
  readonly #filters: KeyFilters;
  #texts: CompiledTexts | undefined;
  #keyHashes: Uint32Array | undefined;
  #keys: KeyFilter | undefined;
  readonly #candidates = new Map<TableIndex, Uint32Array>();
  readonly #shared = new Map<TableIndex, Uint32Array>();
  readonly #domains = new Map<DomainSet, KeyDomains>();

  /** @param pairs in the order of their keys */
  constructor(pairs: Pairs, filters: KeyFilters) {
    this.#pairs = pairs;
    this.#filters = filters;
  }

  /** The entries, in the order of their keys, whose key is in another table too. */
  sharedWith(other: TableIndex): Uint32Array {
    const known = this.#shared.get(other);
    if (known !== undefined) return known;
    const shared = this.#findShared(other);
    this.#shared.set(other, shared);
    return shared;
  }

  /** Where the keys' domains are in a set. */
  domains(set: DomainSet): KeyDomains {
    const known = this.knownDomains(set);
    if (known !== undefined) return known;
    const domains = set.ofKeys(this.#pairs, this.#compiled());
    this.#domains.set(set, domains);
    return domains;
  }

  /** Likewise, if somebody has asked for it before. */
  knownDomains(set: DomainSet): KeyDomains | undefined {
    return this.#domains.get(set);
  }

  /** @param passedOver see `CompiledTexts` */
  ownValues(passedOver: Uint32Array): OwnValues {
    return this.#compiled().ownValues(passedOver);
  }

  /** The entries whose values, in lower case, may be keys of any of some tables: ascending lists. */
  leadingTo(tables: readonly TableIndex[]): Uint32Array[] {
    const found: Uint32Array[] = [];
    this.#compiled().hashValues((first, hashes) => {
      for (const table of tables) found.push(this.#filters.passing(hashes, table.#keyFilter(), first));
    });
    return found;
  }

  #findShared(other: TableIndex): Uint32Array {
    const mine = this.#mayShareWith(other);
    if (mine.length === 0) return mine;
    const others = other.#mayShareWith(this);
    return commonKeys({ pairs: this.#pairs, list: mine }, { pairs: other.#pairs, list: others });
  }

  #mayShareWith(other: TableIndex): Uint32Array {
    const known = this.#candidates.get(other);
    if (known !== undefined) return known;
    const candidates = this.#filters.passing(this.#hashes(), other.#keyFilter());
    this.#candidates.set(other, candidates);
    return candidates;
  }

  #hashes(): Uint32Array {
    if (this.#keyHashes !== undefined) return this.#keyHashes;
    const all = this.#filters.room(this.#pairs.count);
    this.#compiled().hashKeys((first, hashes) => all.set(hashes, first));
    this.#keyHashes = all;
    return all;
  }

  #keyFilter(): KeyFilter {
    this.#keys ??= this.#filters.filter(this.#hashes());
    return this.#keys;
  }

  #compiled(): CompiledTexts {
    this.#texts ??= new CompiledTexts(this.#pairs);
    return this.#texts;
  }
}
