import { sameBytes, viewOf } from '../../../dbm/bytes.ts';
import type { Pairs } from '../../../dbm/pairs.ts';
import type { KeyDomains } from './compiled-texts.ts';

const AT = 0x40;
const DOT = 0x2e;
const STAR = 0x2a;

/** The domains of a table, found by the bytes behind an address's last `@`: no object for any of them, or for an address. */
export class DomainSet {
  readonly pairs: Pairs;
  /** Whether any stands for what is below it. */
  readonly hasWildcards: boolean;
  readonly #view: DataView;
  /** Numbers of domains plus one, at their hash or behind it. */
  readonly #slots: Uint32Array;

  /** @param domains a key `*.example.ac.uk` stands for everything below that domain, as in Exim's partial lookups */
  constructor(domains: Pairs) {
    this.pairs = domains;
    this.#view = viewOf(domains.pool);
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(Math.max(domains.count, 4) * 2)));
    let wildcards = false;
    for (let i = 0; i < domains.count; i++) {
      const { pool, keyStart, keyEnd } = domains;
      wildcards ||= pool[keyStart[i]] === STAR;
      let slot = this.#slotOf(hashOf(pool, keyStart[i], keyEnd[i]));
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (this.#slots.length - 1);
      this.#slots[slot] = i + 1;
    }
    this.hasWildcards = wildcards;
  }

  /** The number of the domain of a key; -1 for one that is not there, and -2 for a key that is no address. */
  domainOf(bytes: Uint8Array, view: DataView, start: number, end: number): number {
    let from = end;
    while (from > start && bytes[from - 1] !== AT) from--;
    if (from === start) return -2;
    const exact = this.#find(bytes, view, from, end);
    if (exact >= 0 || !this.hasWildcards) return exact;
    for (let dot = bytes.indexOf(DOT, from); dot >= 0 && dot < end; dot = bytes.indexOf(DOT, dot + 1)) {
      const below = Buffer.from(bytes.buffer, bytes.byteOffset + dot, end - dot).toString('latin1');
      const wildcard = Buffer.from(`*${below}`, 'latin1');
      const found = this.#find(wildcard, viewOf(wildcard), 0, wildcard.length);
      if (found >= 0) return found;
    }
    return -1;
  }

  /** The domains of a table's keys, from those that they have themselves: others are below a wildcard. */
  withWildcards({ pool, keyStart, keyEnd }: Pairs, found: KeyDomains): KeyDomains {
    if (!this.hasWildcards) return found;
    const isMet = [...found.isMet];
    const view = viewOf(pool);
    const elsewhere = found.elsewhere.filter((entry) => {
      const domain = this.domainOf(pool, view, keyStart[entry], keyEnd[entry]);
      if (domain >= 0) isMet[domain] = true;
      return domain === -1;
    });
    return { isMet, elsewhere };
  }

  #find(bytes: Uint8Array, view: DataView, start: number, end: number): number {
    const { keyStart, keyEnd } = this.pairs;
    for (let slot = this.#slotOf(hashOf(bytes, start, end)); ; slot = (slot + 1) & (this.#slots.length - 1)) {
      const domain = this.#slots[slot] - 1;
      if (domain < 0) return -1;
      const same =
        keyEnd[domain] - keyStart[domain] === end - start &&
        sameBytes(this.#view, keyStart[domain], view, start, end - start);
      if (same) return domain;
    }
  }

  #slotOf(hash: number): number {
    return hash & (this.#slots.length - 1);
  }
}

/** FNV-1a: good enough for names of domains, and nobody gains by a collision. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return hash ^ (hash >>> 15);
}
