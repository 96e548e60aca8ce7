import type { GuardConfig } from '../../config/config.ts';
import { printableText } from '../../config/printable.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import { entryOf } from '../columns/entry-of.ts';
import { durationText, type OldSource } from '../sources/source-age.ts';
import { domainFindings } from './domain-findings.ts';
import type { Finding } from './finding.ts';
import { amountText, exceeds } from './limit.ts';
import { type Compared, Concerned, EXAMPLES, type Verdict } from './verdict.ts';

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

/** Every finding against a candidate that differs from what is published. */
export function judge(judgement: Judgement): Verdict {
  const { before } = judgement;
  const concerned = new Concerned(judgement.compared);
  const findings = [...candidateFindings(judgement, concerned)];
  if (before !== undefined) {
    findings.push(
      ...limitFindings(judgement, before, concerned),
      ...defaultFindings(judgement, before, concerned),
      ...contentFindings(judgement, concerned),
    );
  }
  return concerned.verdict(findings);
}

/** What is wrong with a candidate whatever is published. */
function* candidateFindings(judgement: Judgement, concerned: Concerned): Generator<Finding> {
  const { config, after, allowEmpty, oldSources = [] } = judgement;
  if (after.entries === 0 && !allowEmpty) {
    concerned.all('removed');
    yield {
      rule: 'empty',
      message: 'the candidate is empty; only --allow-empty publishes an empty table',
      count: 0,
    };
  }
  if (config?.minEntries !== undefined && after.entries < config.minEntries) {
    yield {
      rule: 'min_entries',
      message: `${after.entries} entries, fewer than min_entries = ${config.minEntries}`,
      count: after.entries,
      limit: String(config.minEntries),
      examples: concerned.all('removed'),
    };
  }
  for (const { path, age, limit } of oldSources) {
    concerned.source(path);
    yield {
      rule: 'max_age',
      message: `${path} was written ${durationText(age)} ago, more than max_age = "${durationText(limit)}"`,
      count: Math.round(age),
      limit: durationText(limit),
    };
  }
}

function* limitFindings(
  { config, counts }: Judgement,
  before: Size,
  concerned: Concerned,
): Generator<Finding> {
  const limits = [
    ['max_removed', 'removed', config?.maxRemoved],
    ['max_changed', 'changed', config?.maxChanged],
    ['max_added', 'added', config?.maxAdded],
  ] as const;
  for (const [rule, kind, limit] of limits) {
    const count = counts[kind];
    if (limit === undefined || !exceeds(count, limit, before.entries)) continue;
    yield {
      rule,
      message: `${count} of ${before.entries} entries ${kind}, more than ${rule} = ${amountText(limit)}`,
      count,
      limit: amountText(limit),
      examples: concerned.all(kind),
    };
  }
}

/** The rules for a table that has no limit on what it loses. */
function* defaultFindings(
  { config, counts, after, fedByDirectory }: Judgement,
  before: Size,
  concerned: Concerned,
): Generator<Finding> {
  if (config?.maxRemoved !== undefined || config?.maxChanged !== undefined) return;
  if (fedByDirectory && after.bytes <= before.bytes) {
    yield {
      rule: 'not-larger',
      message:
        `not larger than what is published, ${after.bytes} bytes after ${before.bytes}: ` +
        `${counts.removed} of ${before.entries} entries removed, ${counts.changed} changed`,
      count: after.bytes,
      limit: String(before.bytes),
      examples: [...concerned.all('removed'), ...concerned.all('changed')].slice(0, EXAMPLES),
    };
  }
  if (!fedByDirectory && counts.removed * 2 > before.entries) {
    yield {
      rule: 'half-lost',
      message: `${counts.removed} of ${before.entries} entries removed, more than half`,
      count: counts.removed,
      limit: '50%',
      examples: concerned.all('removed'),
    };
  }
}

/** What would go that is protected, much of its domain, or refused to go. */
function* contentFindings(
  { config, compared, refusal }: Judgement,
  concerned: Concerned,
): Generator<Finding> {
  if (compared === undefined) return;
  for (const { finding, entries } of domainFindings(config, compared))
    yield { ...finding, examples: concerned.removed(entries) };
  if (refusal === undefined) return;
  const { who, why } = refusal;
  const refused = refusedEntries(compared, refusal.entries);
  if (refused.length === 0) return;
  yield {
    rule: 'rejected',
    message: printableText(`${refused.length} entries would go that ${who} refused to let go: ${why}`),
    count: refused.length,
    examples: concerned.removed(refused),
  };
}

function refusedEntries({ difference }: Compared, refused: Pairs | undefined): Uint32Array {
  const { before, removed } = difference;
  if (refused === undefined) return removed;
  return removed.filter(
    (entry) => entryOf(refused, before.pool, before.keyStart[entry], before.keyEnd[entry]) >= 0,
  );
}
