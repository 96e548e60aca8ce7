import { createHash } from 'node:crypto';
import type { Amount, GuardConfig } from '../../config/config.ts';
import { printableText } from '../../config/printable.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import { printable } from '../columns/bytes.ts';
import type { Difference } from '../columns/diff.ts';
import { entryOf } from '../columns/entry-of.ts';
import { changesByDomain, type DomainChange, Domains } from '../sources/domains.ts';
import { durationText, type OldSource } from '../sources/source-age.ts';

/** The size of a table: its entries, and the bytes of its canonical text. */
export interface Size {
  readonly entries: number;
  readonly bytes: number;
}

export interface Counts {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

/** One reason for which a candidate may not replace what is published. */
export interface Finding {
  readonly rule:
    | 'waits'
    | 'cross-check'
    | 'empty'
    | 'not-larger'
    | 'half-lost'
    | 'max_removed'
    | 'max_changed'
    | 'max_added'
    | 'min_entries'
    | 'max_removed_per_domain'
    | 'protected'
    | 'rejected'
    | 'max_age';
  readonly message: string;
  /** What was found, in entries or bytes or, of `max_age`, milliseconds; and the limit, as the configuration has it. */
  readonly count?: number;
  readonly limit?: string;
  /** The first of the keys in question, made printable. */
  readonly examples?: readonly string[];
}

/** What is published, whole, and what the candidate makes of it, entry by entry. */
export interface Compared {
  readonly before: Pairs;
  readonly difference: Difference;
}

export interface Judgement {
  readonly config: GuardConfig | undefined;
  /** A table fed by a directory has the old rule for its default. */
  readonly fedByDirectory: boolean;
  /** What is published; undefined for a table that never was. */
  readonly before: Size | undefined;
  readonly after: Size;
  readonly counts: Counts;
  readonly allowEmpty: boolean;
  /** Undefined where only the sizes are known. */
  readonly compared?: Compared | undefined;
  readonly oldSources?: readonly OldSource[];
  /** What somebody refused to let go. */
  readonly refusal?: Refusal | undefined;
}

/** Entries of which somebody said that they must not go, and why. */
export interface Refusal {
  readonly who: string;
  readonly why: string;
  /** Undefined where they can't be read: then nothing may go. */
  readonly entries: Pairs | undefined;
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

/** Of a domain that keeps some addresses, fewer than these are no finding, whatever share of it they are. */
const FEW_OF_A_DOMAIN = 5;

/** Where a whole table goes, every domain of it does: the first ones are named one by one. */
const MOST_DOMAINS = 20;

const EXAMPLES = 5;

/** Every finding against a candidate that differs from what is published. */
export function judge(judgement: Judgement): Verdict {
  const { config, before, after, counts, compared } = judgement;
  const findings: Finding[] = [];
  const concerned = new Concerned(compared);
  const domains = new DomainFindings(config, compared);

  if (after.entries === 0 && !judgement.allowEmpty) {
    findings.push({
      rule: 'empty',
      message: 'the candidate is empty; only --allow-empty publishes an empty table',
      count: 0,
    });
    concerned.all('removed');
  }
  if (config?.minEntries !== undefined && after.entries < config.minEntries) {
    findings.push({
      rule: 'min_entries',
      message: `${after.entries} entries, fewer than min_entries = ${config.minEntries}`,
      count: after.entries,
      limit: String(config.minEntries),
      examples: concerned.all('removed'),
    });
  }
  for (const { path, age, limit } of judgement.oldSources ?? []) {
    findings.push({
      rule: 'max_age',
      message: `${path} was written ${durationText(age)} ago, more than max_age = "${durationText(limit)}"`,
      count: Math.round(age),
      limit: durationText(limit),
    });
    concerned.source(path);
  }
  if (before === undefined) return concerned.verdict(findings);

  const limits = [
    ['max_removed', 'removed', config?.maxRemoved],
    ['max_changed', 'changed', config?.maxChanged],
    ['max_added', 'added', config?.maxAdded],
  ] as const;
  for (const [rule, kind, limit] of limits) {
    const count = counts[kind];
    if (limit === undefined || !exceeds(count, limit, before.entries)) continue;
    findings.push({
      rule,
      message: `${count} of ${before.entries} entries ${kind}, more than ${rule} = ${amountText(limit)}`,
      count,
      limit: amountText(limit),
      examples: concerned.all(kind),
    });
  }
  if (config?.maxRemoved === undefined && config?.maxChanged === undefined) {
    if (judgement.fedByDirectory && after.bytes <= before.bytes) {
      findings.push({
        rule: 'not-larger',
        message:
          `not larger than what is published, ${after.bytes} bytes after ${before.bytes}: ` +
          `${counts.removed} of ${before.entries} entries removed, ${counts.changed} changed`,
        count: after.bytes,
        limit: String(before.bytes),
        examples: [...concerned.all('removed'), ...concerned.all('changed')].slice(0, EXAMPLES),
      });
    }
    if (!judgement.fedByDirectory && counts.removed * 2 > before.entries) {
      findings.push({
        rule: 'half-lost',
        message: `${counts.removed} of ${before.entries} entries removed, more than half`,
        count: counts.removed,
        limit: '50%',
        examples: concerned.all('removed'),
      });
    }
  }
  for (const { finding, entries } of domains.findings()) {
    findings.push({ ...finding, examples: concerned.removed(entries) });
  }
  const refused = judgement.refusal && compared && refusedEntries(compared, judgement.refusal.entries);
  if (judgement.refusal !== undefined && refused !== undefined && refused.length > 0) {
    const { who, why } = judgement.refusal;
    findings.push({
      rule: 'rejected',
      message: printableText(`${refused.length} entries would go that ${who} refused to let go: ${why}`),
      count: refused.length,
      examples: concerned.removed(refused),
    });
  }
  return concerned.verdict(findings);
}

function refusedEntries({ difference }: Compared, refused: Pairs | undefined): Uint32Array {
  const { before, removed } = difference;
  if (refused === undefined) return removed;
  return removed.filter(
    (entry) => entryOf(refused, before.pool, before.keyStart[entry], before.keyEnd[entry]) >= 0,
  );
}

/** Those of the protected keys and domains that a table does not have: a mistyped one protects nobody. */
export function unprotecting(config: GuardConfig | undefined, table: Pairs): string[] {
  const shelter = config?.protected ?? [];
  const wanted = new Set(shelter.filter((each) => each.startsWith('@')));
  const domains = new Domains();
  for (let i = 0; i < table.count && wanted.size > 0; i++) {
    const known = domains.count;
    const domain = domains.of(table, i, true);
    if (domain !== undefined && domains.count > known) wanted.delete(`@${domains.name(domain)}`);
  }
  return shelter.filter((each) =>
    each.startsWith('@') ? wanted.has(each) : entryOf(table, Buffer.from(each)) < 0,
  );
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

/** What a list of domains and of keys has to say of the entries that would go. */
class DomainFindings {
  readonly #config: GuardConfig | undefined;
  readonly #compared: Compared | undefined;

  constructor(config: GuardConfig | undefined, compared: Compared | undefined) {
    this.#config = config;
    this.#compared = compared;
  }

  *findings(): Generator<{ finding: Finding; entries: Uint32Array }> {
    const compared = this.#compared;
    if (compared === undefined || compared.difference.removed.length === 0) return;
    const limit = this.#config?.maxRemovedPerDomain;
    const shelter = this.#config?.protected ?? [];
    const named = shelter.filter((each) => each.startsWith('@'));
    const changes = limit === undefined && named.length === 0 ? [] : domainChanges(compared);
    const entries = changes.length === 0 ? new Map<string, number[]>() : removedByDomain(compared);
    let found = 0;
    const rest: number[] = [];
    let further = 0;
    for (const { domain, before, removed, added } of changes) {
      if (removed === 0) continue;
      const inDomain = Uint32Array.from(entries.get(domain) ?? []);
      const gone = removed === before && added === 0;
      const many = limit !== undefined && exceeds(removed, limit, before);
      if (limit !== undefined && (gone || (many && ('count' in limit || removed >= FEW_OF_A_DOMAIN)))) {
        const text = amountText(limit);
        const message = gone
          ? `the domain ${printableDomain(domain)} would be gone: all ${before} entries (max_removed_per_domain = ${text})`
          : `${removed} of ${before} entries of ${printableDomain(domain)} removed, more than max_removed_per_domain = ${text}`;
        const finding = { rule: 'max_removed_per_domain', message, count: removed, limit: text } as const;
        if (found++ < MOST_DOMAINS) yield { finding, entries: inDomain };
        else {
          further++;
          for (const entry of inDomain) rest.push(entry);
        }
      }
      if (gone && named.includes(`@${domain}`)) {
        const message = `the protected domain @${printableDomain(domain)} would be gone: all ${before} entries`;
        const finding = { rule: 'protected', message, count: before, limit: `@${domain}` } as const;
        yield { finding, entries: inDomain };
      }
    }
    if (further > 0) {
      const message = `${further} further domains would lose more than max_removed_per_domain = ${amountText(limit)}`;
      const finding = { rule: 'max_removed_per_domain', message, count: further } as const;
      yield { finding, entries: Uint32Array.from(rest) };
    }
    for (const key of shelter) {
      if (key.startsWith('@')) continue;
      const bytes = Buffer.from(key);
      const { before, after } = compared.difference;
      const entry = entryOf(before, bytes);
      if (entry < 0 || entryOf(after, bytes) >= 0) continue;
      const message = `the protected key ${printable(bytes)} would be gone`;
      const finding = { rule: 'protected', message, count: 1, limit: printable(bytes) } as const;
      yield { finding, entries: Uint32Array.of(entry) };
    }
  }
}

function domainChanges({ before, difference }: Compared): DomainChange[] {
  return changesByDomain(before, difference);
}

/** The removed entries whose keys are addresses, by their domain. */
function removedByDomain({ difference }: Compared): Map<string, number[]> {
  const domains = new Domains();
  const lists: number[][] = [];
  for (const entry of difference.removed) {
    const domain = domains.of(difference.before, entry, true);
    if (domain === undefined) continue;
    lists[domain] ??= [];
    lists[domain].push(entry);
  }
  return new Map(lists.map((list, number) => [domains.name(number), list]));
}

function printableDomain(domain: string): string {
  return printable(Buffer.from(domain));
}

/** The entries that the findings are about. */
class Concerned {
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

function keys({ pool, keyStart, keyEnd }: Pairs, entries: Uint32Array): string[] {
  return Array.from(entries.subarray(0, EXAMPLES), (entry) =>
    printable(pool, keyStart[entry], keyEnd[entry]),
  );
}

function exceeds(count: number, limit: Amount, entries: number): boolean {
  if ('count' in limit) return count > limit.count;
  const roundingError = 1 + 1e-12;
  return count * 100 > limit.percent * entries * roundingError;
}

function amountText(limit: Amount | undefined): string {
  if (limit === undefined) return 'none';
  return 'count' in limit ? String(limit.count) : `"${limit.percent}%"`;
}
