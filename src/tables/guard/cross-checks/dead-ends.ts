import { sameBytes, viewOf } from '../../../dbm/bytes.ts';
import type { Pairs } from '../../../dbm/pairs.ts';
import { lowerCaseAscii } from '../../columns/bytes.ts';
import { chosen } from '../../columns/chosen.ts';
import { KeyFilter } from './key-filter.ts';

const AT = 0x40;
/** Of more domains than this it is not asked whether keys are in them. */
const MOST_DOMAINS = 16;

/**
 * Tells of the values of a large table, without a look-up for each, at which a chain of redirections ends: at one that is its own
 * key, at one whose domain no key of any table is in, and at nearly all that are no key.
 */
export class DeadEnds {
  readonly #pairs: Pairs;
  readonly #view: DataView;
  readonly #asked: (entry: number) => boolean;
  /** A bit for each place of the pool where a value starts that is its own key. */
  readonly #own: Uint8Array;

  /** @param asked false for entries that count for nothing, because Exim takes the key from an earlier table */
  constructor(pairs: Pairs, asked: (entry: number) => boolean) {
    this.#pairs = pairs;
    this.#view = viewOf(pairs.pool);
    this.#asked = asked;
    this.#own = new Uint8Array((pairs.pool.length >>> 3) + 1);
    for (let entry = 0; entry < pairs.count; entry++) {
      if (!this.isOwn(entry) || !asked(entry)) continue;
      const at = pairs.valueStart[entry];
      this.#own[at >>> 3] |= 1 << (at & 7);
    }
  }

  /** Whether an entry's value is its own key. */
  isOwn(entry: number): boolean {
    const { keyStart, keyEnd, valueStart, valueEnd } = this.#pairs;
    const length = keyEnd[entry] - keyStart[entry];
    return (
      valueEnd[entry] - valueStart[entry] === length &&
      sameBytes(this.#view, keyStart[entry], this.#view, valueStart[entry], length)
    );
  }

  /** Whether an entry leads to one that is its own value. Entries with one value share its bytes, or this one is not known to. */
  leadsToOwn(entry: number): boolean {
    const at = this.#pairs.valueStart[entry];
    return (this.#own[at >>> 3] & (1 << (at & 7))) !== 0 && this.#asked(entry);
  }

  /** Of some entries those whose values may be keys. @param tables whatever a key may be in */
  withKeys(entries: Uint32Array, tables: readonly Pairs[]): Uint32Array {
    const { pool, valueStart, valueEnd } = this.#pairs;
    const keys = this.#reachKeys(entries, tables) ? new KeyFilter(tables) : undefined;
    return chosen(
      entries,
      (entry) => !this.#asked(entry) || keys?.mayHave(pool, valueStart[entry], valueEnd[entry]) === true,
    );
  }

  /** Whether any of the values is in a domain that keys are in, as far as a few domains tell. */
  #reachKeys(entries: Uint32Array, tables: readonly Pairs[]): boolean {
    const { pool, valueStart, valueEnd } = this.#pairs;
    /** Without a key, each with its `@`. */
    const domains: Uint8Array[] = [];
    let last = -1;
    for (const entry of entries) {
      const start = valueStart[entry];
      const end = valueEnd[entry];
      // Entries of one recipient, which are neighbours more often than not, share their value.
      if (start === last) continue;
      last = start;
      if (domains.some((domain) => isIn(domain, pool, start, end))) continue;
      const at = pool.lastIndexOf(AT, end - 1);
      if (at < start || end === start) continue;
      const domain = pool.slice(at, end);
      lowerCaseAscii(domain, 0, domain.length);
      if (domains.length === MOST_DOMAINS || tables.some((table) => hasKeyIn(table, domain))) return true;
      domains.push(domain);
    }
    return false;
  }
}

function hasKeyIn({ count, pool, keyStart, keyEnd }: Pairs, domain: Uint8Array): boolean {
  for (let i = 0; i < count; i++) if (isIn(domain, pool, keyStart[i], keyEnd[i])) return true;
  return false;
}

/** Whether a text ends in `domain`, which is in lower case and begins with an `@`. */
function isIn(domain: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  const from = end - domain.length;
  if (from < start || bytes[from] !== AT) return false;
  for (let i = 1; i < domain.length; i++) {
    const byte = bytes[from + i];
    if (domain[i] !== byte && !(byte >= 0x41 && byte <= 0x5a && domain[i] === byte + 0x20)) return false;
  }
  return true;
}
