import type { Pairs } from '../../../dbm/pairs.ts';
import { commonKeys } from '../../columns/common-keys.ts';
import { entryOf } from '../../columns/entry-of.ts';
import { CompiledTexts, type KeyDomains, type OwnValues } from './compiled-texts.ts';
import type { DomainSet } from './domain-set.ts';
import type { KeyFilter, KeyFilters } from './key-filters.ts';

/** Where one key of so many may be in another table, each is looked for there. */
const RARE = 64;
/** What an entry that is not there becomes in a list of numbers. */
const NONE = 0xffffffff;

/** What is asked of a large table again and again; each is worked out when it is asked for first. */
export class TableIndex {
  readonly #pairs: Pairs;
  readonly #filters: KeyFilters;
  #texts: CompiledTexts | undefined;
  #keyHashes: Uint32Array | undefined;
  #keys: KeyFilter | undefined;
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
    const [mine, theirs] = this.#findShared(other);
    this.#shared.set(other, mine);
    other.#shared.set(this, theirs);
    return mine;
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

  /** The entries of this table, and those of the other one. */
  #findShared(other: TableIndex): readonly [Uint32Array, Uint32Array] {
    const [pairs, otherPairs] = [this.#pairs, other.#pairs];
    const list = this.#filters.passing(this.#hashes(), other.#keyFilter());
    if (list.length > otherPairs.count / RARE) {
      const mine = { pairs, list };
      const theirs = {
        pairs: otherPairs,
        list: this.#filters.passing(other.#hashes(), this.#keyFilter()),
      };
      return [commonKeys(mine, theirs), commonKeys(theirs, mine)];
    }
    const { pool, keyStart, keyEnd } = pairs;
    const found = list.map((entry) => entryOf(otherPairs, pool, keyStart[entry], keyEnd[entry]));
    const isThere = (entry: number): boolean => entry !== NONE;
    return [list.filter((_, i) => isThere(found[i])), found.filter(isThere)];
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
