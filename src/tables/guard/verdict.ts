import { createHash } from 'node:crypto';
import type { Pairs } from '../../dbm/pairs.ts';
import { printable } from '../columns/bytes.ts';
import type { Difference } from '../columns/diff.ts';
import type { Finding } from './finding.ts';

/** Keys that a finding names. */
export const EXAMPLES = 5;

/** What is published, whole, and what the candidate makes of it, entry by entry. */
export interface Compared {
  readonly before: Pairs;
  readonly difference: Difference;
}

/** The findings against a candidate; none lets it pass. */
export interface Verdict {
  readonly findings: readonly Finding[];
  /**
   * What the findings are about, the same as long as the same entries would go or change: SHA-256, hexadecimal. What else
   * the candidate brings does not count.
   */
  readonly key: string;
  /** Those of the entries that would go which the findings are about, as numbers in the difference's table before. */
  readonly removed: Uint32Array;
}

/** The entries that the findings are about. */
export class Concerned {
  readonly #compared: Compared | undefined;
  readonly #sources = new Set<string>();
  readonly #removed = new Set<number>();
  #allRemoved = false;
  #allChanged = false;
  #allAdded = false;

  constructor(compared: Compared | undefined) {
    this.#compared = compared;
  }

  /** @returns examples */
  all(kind: 'removed' | 'changed' | 'added'): string[] {
    if (kind === 'removed') this.#allRemoved = true;
    if (kind === 'changed') this.#allChanged = true;
    if (kind === 'added') this.#allAdded = true;
    if (this.#compared === undefined) return [];
    const { before, after, removed, changedAfter, added } = this.#compared.difference;
    if (kind === 'removed') return keys(before, removed);
    return keys(after, kind === 'changed' ? changedAfter : added);
  }

  /** @returns examples */
  removed(entries: Uint32Array): string[] {
    for (const entry of entries) this.#removed.add(entry);
    return this.#compared === undefined ? [] : keys(this.#compared.difference.before, entries);
  }

  source(path: string): void {
    this.#sources.add(path);
  }

  verdict(findings: readonly Finding[]): Verdict {
    const all = this.#compared?.difference.removed ?? new Uint32Array(0);
    const removed = this.#allRemoved ? all : all.filter((entry) => this.#removed.has(entry));
    return { findings, key: this.#key(findings), removed };
  }

  /** Of entries that would go it is the keys that count, of those that change the new values too. */
  #key(findings: readonly Finding[]): string {
    const hash = createHash('sha256');
    let count = 0;
    const put = (sign: string, pool: Uint8Array, start: number, end: number): void => {
      count++;
      hash.update(`${sign}${end - start} `);
      hash.update(pool.subarray(start, end));
    };
    for (const path of [...this.#sources].sort()) hash.update(`source ${path}\n`);
    if (this.#compared !== undefined) {
      const { difference } = this.#compared;
      const { before, after } = difference;
      for (const entry of difference.removed) {
        if (this.#allRemoved || this.#removed.has(entry))
          put('-', before.pool, before.keyStart[entry], before.keyEnd[entry]);
      }
      for (const entry of this.#allChanged ? difference.changedAfter : []) {
        put('~', after.pool, after.keyStart[entry], after.keyEnd[entry]);
        put('=', after.pool, after.valueStart[entry], after.valueEnd[entry]);
      }
      for (const entry of this.#allAdded ? difference.added : [])
        put('+', after.pool, after.keyStart[entry], after.keyEnd[entry]);
    }
    if (count === 0) for (const { rule } of findings) hash.update(`rule ${rule}\n`);
    return hash.digest('hex');
  }
}

/** The key of what a table waits for: addresses that move. */
export function keyOfEntries(pairs: Pairs, entries: Uint32Array): string {
  const none = new Uint32Array(0);
  const difference = {
    ...{ before: pairs, after: pairs },
    ...{ added: none, removed: entries, changedBefore: none, changedAfter: none },
  };
  const concerned = new Concerned({ before: pairs, difference });
  concerned.all('removed');
  return concerned.verdict([]).key;
}

function keys({ pool, keyStart, keyEnd }: Pairs, entries: Uint32Array): string[] {
  return Array.from(entries.subarray(0, EXAMPLES), (entry) =>
    printable(pool, keyStart[entry], keyEnd[entry]),
  );
}
