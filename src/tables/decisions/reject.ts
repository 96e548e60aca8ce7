import type { Config } from '../../config/config.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import { type HeldCandidate, HeldCandidates } from '../../state/held.ts';
import { RunLock } from '../../state/lock.ts';
import { Rejections } from '../../state/rejections.ts';
import { State } from '../../state/state.ts';
import { diff } from '../columns/diff.ts';
import { merge } from '../columns/merge.ts';
import { NO_ENTRIES } from '../columns/no-entries.ts';
import { pick } from '../columns/pick.ts';
import { judge } from '../guard/guard.ts';
import { refusalOf } from '../guard/hold.ts';
import { readKeptText } from '../publish/kept-text.ts';
import { selectTables } from '../select.ts';
import { ApprovalError } from './approve.ts';

export interface RejectOptions {
  readonly table: string;
  readonly who: string;
  readonly why: string;
  /** What was reviewed, or what its digest begins with; undefined for the latest candidate. */
  readonly digest?: string | undefined;
}

export interface RejectionReport {
  readonly table: string;
  readonly held: HeldCandidate;
  /** Entries that must not go from now on. */
  readonly entries: number;
  readonly stateTrouble: string | undefined;
}

/**
 * Refuses what a held candidate would take away: while anything of it would go, the table is held, without a word as long as
 * nothing else is in question.
 *
 * @throws ApprovalError, UnknownTableError, PublishError where the candidate is not what was kept, LockedError, StateError
 */
export async function reject(config: Config, options: RejectOptions): Promise<RejectionReport> {
  const { table, who, why, digest = '' } = options;
  selectTables(config, [table]);
  const lock = RunLock.acquire(config.stateDir, config.tablesDir);
  let state: State | undefined;
  try {
    state = State.open(config.stateDir);
    const kept = new HeldCandidates(config.stateDir);
    const list = kept.list(table);
    if (list.length === 0)
      throw new ApprovalError(`${table} is not held, so there is nothing to reject`, false);
    const held = list.find((each) => each.digest.startsWith(digest));
    if (held === undefined) {
      throw new ApprovalError(
        `${table}: none of the candidates that are kept has the digest ${digest}`,
        true,
      );
    }
    const entries = entriesInQuestion(config, table, kept, held);
    const since = new Date();
    const { findingsKey } = held;
    const text = Buffer.concat(
      [...merge([{ source: table, pairs: entries }]).table.text()].map((block) => Buffer.from(block)),
    );
    new Rejections(config.stateDir).set(table, { findingsKey, since, who, why }, text);
    const journal = state.begin({ command: 'reject', who, reason: why, startedAt: since.getTime() });
    const counts = { before: undefined, after: undefined, added: 0, removed: entries.count, changed: 0 };
    journal.end({
      result: 'well',
      load: [],
      outcomes: [{ table, outcome: 'rejected', message: undefined, ...counts }],
      holds: new Map(),
      keep: config.keepHistory,
    });
    return { table, held, entries: entries.count, stateTrouble: state.trouble };
  } finally {
    state?.close();
    lock.release();
  }
}

/** The entries that would go and that the findings are about. */
function entriesInQuestion(config: Config, table: string, kept: HeldCandidates, held: HeldCandidate): Pairs {
  const text = (digest: string) =>
    readKeptText(kept.path(table, digest), digest, 'run build, and review again');
  const after = text(held.candidate);
  if (held.published === undefined) return NO_ENTRIES;
  const before = text(held.published);
  const difference = diff(before, after);
  const tableConfig = config.tables.find(({ name }) => name === table);
  const { removed } = judge({
    config: tableConfig?.guard,
    fedByDirectory: tableConfig?.sources.some(({ kind }) => kind === 'directory') ?? false,
    before: { entries: before.count, bytes: before.bytes },
    after: { entries: after.count, bytes: after.bytes },
    counts: {
      added: difference.added.length,
      removed: difference.removed.length,
      changed: difference.changedAfter.length,
    },
    allowEmpty: false,
    compared: { before, difference },
    refusal: refusalOf(config.stateDir, table),
  });
  return pick(before, removed);
}
