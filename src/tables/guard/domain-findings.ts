import type { Amount, GuardConfig } from '../../config/config.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import { printable } from '../columns/bytes.ts';
import { entryOf } from '../columns/entry-of.ts';
import { changesByDomain, Domains } from '../sources/domains.ts';
import type { Finding } from './finding.ts';
import { amountText, exceeds } from './limit.ts';
import type { Compared } from './verdict.ts';

/** Of a domain that keeps some addresses, fewer than these are no finding, whatever share of it they are. */
const FEW_OF_A_DOMAIN = 5;

/** Where a whole table goes, every domain of it does: the first ones are named one by one. */
const MOST_DOMAINS = 20;

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

/** What the limit by domain and the list of what is protected have to say of the entries that would go. */
export function* domainFindings(
  config: GuardConfig | undefined,
  compared: Compared,
): Generator<{ finding: Finding; entries: Uint32Array }> {
  const { before, after, removed } = compared.difference;
  if (removed.length === 0) return;
  const limit = config?.maxRemovedPerDomain;
  const shelter = config?.protected ?? [];
  const domains = shelter.filter((each) => each.startsWith('@'));
  if (limit !== undefined || domains.length > 0) yield* ofDomains(compared, limit, domains);
  for (const key of shelter) {
    if (key.startsWith('@')) continue;
    const bytes = Buffer.from(key);
    const entry = entryOf(before, bytes);
    if (entry < 0 || entryOf(after, bytes) >= 0) continue;
    const message = `the protected key ${printable(bytes)} would be gone`;
    const finding = { rule: 'protected', message, count: 1, limit: printable(bytes) } as const;
    yield { finding, entries: Uint32Array.of(entry) };
  }
}

function* ofDomains(
  compared: Compared,
  limit: Amount | undefined,
  shelter: readonly string[],
): Generator<{ finding: Finding; entries: Uint32Array }> {
  const changes = changesByDomain(compared.before, compared.difference);
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
    if (gone && shelter.includes(`@${domain}`)) {
      const message = `the protected domain @${printableDomain(domain)} would be gone: all ${before} entries`;
      const finding = { rule: 'protected', message, count: before, limit: `@${domain}` } as const;
      yield { finding, entries: inDomain };
    }
  }
  if (further === 0) return;
  const message = `${further} further domains would lose more than max_removed_per_domain = ${amountText(limit)}`;
  const finding = { rule: 'max_removed_per_domain', message, count: further } as const;
  yield { finding, entries: Uint32Array.from(rest) };
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
