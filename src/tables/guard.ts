import type { Amount, GuardConfig } from '../config/config.ts';

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
    | 'empty'
    | 'not-larger'
    | 'half-lost'
    | 'max_removed'
    | 'max_changed'
    | 'max_added'
    | 'min_entries';
  readonly message: string;
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
}

/** Every finding against a candidate that differs from what is published; none lets it pass. */
export function judge(judgement: Judgement): Finding[] {
  const { config, before, after, counts } = judgement;
  const findings: Finding[] = [];
  const find = (rule: Finding['rule'], message: string): void => {
    findings.push({ rule, message });
  };

  if (after.entries === 0 && !judgement.allowEmpty) {
    find('empty', 'the candidate is empty; only --allow-empty publishes an empty table');
  }
  if (config?.minEntries !== undefined && after.entries < config.minEntries) {
    find('min_entries', `${after.entries} entries, fewer than min_entries = ${config.minEntries}`);
  }
  if (before === undefined) return findings;

  const limits = [
    ['max_removed', 'removed', counts.removed, config?.maxRemoved],
    ['max_changed', 'changed', counts.changed, config?.maxChanged],
    ['max_added', 'added', counts.added, config?.maxAdded],
  ] as const;
  for (const [rule, verb, count, limit] of limits) {
    if (limit !== undefined && exceeds(count, limit, before.entries)) {
      find(rule, `${count} of ${before.entries} entries ${verb}, more than ${rule} = ${amountText(limit)}`);
    }
  }
  if (config?.maxRemoved !== undefined || config?.maxChanged !== undefined) return findings;

  if (judgement.fedByDirectory) {
    if (after.bytes <= before.bytes) {
      find(
        'not-larger',
        `the candidate has ${after.bytes} bytes, not more than the published ${before.bytes}`,
      );
    }
  } else if (counts.removed * 2 > before.entries) {
    find('half-lost', `${counts.removed} of ${before.entries} entries removed, more than half`);
  }
  return findings;
}

function exceeds(count: number, limit: Amount, entries: number): boolean {
  if ('count' in limit) return count > limit.count;
  const roundingError = 1 + 1e-12;
  return count * 100 > limit.percent * entries * roundingError;
}

function amountText(limit: Amount): string {
  return 'count' in limit ? String(limit.count) : `"${limit.percent}%"`;
}
