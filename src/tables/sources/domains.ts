import type { Pairs } from '../../dbm/pairs.ts';
import type { Difference } from '../columns/diff.ts';

const AT = 0x40;

/** Numbers the domains of addresses, that is, what stands behind a key's last `@`. No text is made for a known domain. */
export class Domains {
  readonly #names: Buffer[] = [];
  /** The numbers of the domains with the same hash. */
  readonly #byHash = new Map<number, number[]>();

  get count(): number {
    return this.#names.length;
  }

  name(number: number): string {
    return this.#names[number].toString();
  }

  /** The number of a key's domain: undefined for one without, or, unless `learn`, with a domain not seen before. */
  of({ pool, keyStart, keyEnd }: Pairs, entry: number, learn: boolean): number | undefined {
    const start = keyStart[entry];
    const end = keyEnd[entry];
    let hash = 0x811c9dc5;
    for (let at = end - 1; at >= start; at--) {
      if (pool[at] === AT) return this.#number(hash, pool, at + 1, end, learn);
      hash = Math.imul(hash ^ pool[at], 0x01000193);
    }
    return undefined;
  }

  #number(hash: number, pool: Uint8Array, start: number, end: number, learn: boolean): number | undefined {
    const same = this.#byHash.get(hash);
    for (const number of same ?? []) if (equal(this.#names[number], pool, start, end)) return number;
    if (!learn) return undefined;
    const number = this.#names.push(Buffer.from(pool.subarray(start, end))) - 1;
    if (same === undefined) this.#byHash.set(hash, [number]);
    else same.push(number);
    return number;
  }
}

/** How many entries each domain had, lost and gained: of those that lost or gained any. */
export interface DomainChange {
  readonly domain: string;
  readonly before: number;
  readonly removed: number;
  readonly added: number;
}

/** Counts by domain, those that lost most first. @param whole the table before */
export function changesByDomain(whole: Pairs, { before, after, removed, added }: Difference): DomainChange[] {
  const domains = new Domains();
  const counts = { before: [] as number[], removed: [] as number[], added: [] as number[] };
  const count = (list: number[], domain: number | undefined): void => {
    if (domain !== undefined) list[domain] = (list[domain] ?? 0) + 1;
  };
  for (const entry of removed) count(counts.removed, domains.of(before, entry, true));
  for (const entry of added) count(counts.added, domains.of(after, entry, true));
  if (domains.count === 0) return [];
  for (let entry = 0; entry < whole.count; entry++) count(counts.before, domains.of(whole, entry, false));
  const changes = Array.from({ length: domains.count }, (_, number) => ({
    domain: domains.name(number),
    before: counts.before[number] ?? 0,
    removed: counts.removed[number] ?? 0,
    added: counts.added[number] ?? 0,
  }));
  return changes.sort((a, b) => b.removed - a.removed || b.added - a.added || (a.domain < b.domain ? -1 : 1));
}

function equal(name: Buffer, pool: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) if (name[i] !== pool[start + i]) return false;
  return true;
}
