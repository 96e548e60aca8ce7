import type { Config, TableConfig } from '../../config/config.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import { Generations } from '../../state/generations.ts';
import { type HeldCandidate, HeldCandidates } from '../../state/held.ts';
import { History } from '../../state/history.ts';
import type { HoldRecord } from '../../state/hold-record.ts';
import { RunLock } from '../../state/lock.ts';
import { Pins } from '../../state/pins.ts';
import { Rejections } from '../../state/rejections.ts';
import { State } from '../../state/state.ts';
import { printable } from '../columns/bytes.ts';
import { type Difference, diff } from '../columns/diff.ts';
import { entryOf } from '../columns/entry-of.ts';
import { merge } from '../columns/merge.ts';
import { pick } from '../columns/pick.ts';
import type { Table } from '../columns/table.ts';
import { systemReason } from '../error.ts';
import type { Plan } from '../guard/plan.ts';
import { decidedPlan, heldPlan } from '../guard/ready-plans.ts';
import { type OpenProvenance, openProvenance } from '../mirror/open-provenance.ts';
import { afterPublishing } from '../publish/after-publishing.ts';
import { deadCanaries } from '../publish/canaries.ts';
import type { DerivedReport } from '../publish/derived.ts';
import { stampOf, type TableFiles, tableFiles } from '../publish/files.ts';
import { type ChosenFormats, chooseFormats } from '../publish/formats.ts';
import { readKeptText } from '../publish/kept-text.ts';
import { publishPlans } from '../publish/publish.ts';
import { endRun } from '../publish/run-history.ts';
import { sweep } from '../publish/stage.ts';
import { type Survey, surveyTable } from '../publish/survey.ts';
import type { TableReport } from '../report.ts';
import { reportOf } from '../report-table.ts';
import { selectTables } from '../select.ts';
import { readDatFile } from '../sources/file.ts';
import { TableThreads } from '../threads/table-threads.ts';

export interface ApproveOptions {
  /** Tables that go together, where addresses move between them. */
  readonly tables: readonly string[];
  /** What was reviewed, one for each table in any order: digests, or what they begin with, of at least 12 digits. */
  readonly digests: readonly string[];
  readonly who: string;
  readonly why: string | undefined;
}

export interface ApprovalReport {
  readonly tables: readonly TableReport[];
  /** The tables that are made of others. */
  readonly derived: readonly DerivedReport[];
  /** Why the state could not be written, so that nothing of this is remembered. */
  readonly stateTrouble: string | undefined;
}

/** What was asked for can't be approved; nothing was touched. */
export class ApprovalError extends Error {
  override readonly name = 'ApprovalError';
  /** The table is held, and stays so; otherwise the command itself was wrong. */
  readonly held: boolean;

  constructor(message: string, held: boolean) {
    super(message);
    this.held = held;
  }
}

/**
 * Publishes just the candidates that were reviewed, whatever newer ones there are: those are judged by the next run against
 * what was approved. No directory is asked. A table that would lose an address to one that stays held waits for it.
 *
 * @throws ApprovalError, UnknownTableError, PublishError where a candidate is not what was kept, LockedError, StateError,
 *   EximError. Nothing was touched then.
 */
export async function approve(config: Config, options: ApproveOptions): Promise<ApprovalReport> {
  const selected = selectTables(config, options.tables);
  if (options.tables.length === 0) throw new ApprovalError('name the table that is approved', false);
  const lock = RunLock.acquire(config.stateDir, config.tablesDir);
  const threads = new TableThreads();
  let state: State | undefined;
  let provenance: OpenProvenance | undefined;
  try {
    state = State.open(config.stateDir);
    provenance = await openProvenance(config);
    await sweep(config.tablesDir);
    const approver = new Approver(config, await chooseFormats(config), state);
    const approvals = approver.choose(selected, options.digests);
    const moves = approver.moves(approvals);
    const plans = config.tables.flatMap((table) => approver.plan(table, approvals.get(table.name), moves));

    const reason = [...approvals.values()].map(({ digest }) => digest.slice(0, 16)).join(' ');
    const journal = state.begin({
      command: 'approve',
      who: options.who,
      reason: options.why === undefined ? `digest ${reason}` : `${options.why} (digest ${reason})`,
      startedAt: Date.now(),
    });
    const generations = new Generations(config.stateDir, config.generations);
    const deadBefore = await deadCanaries(config);
    await publishPlans(plans, state, journal, threads, generations, { provenance });
    endRun(journal, plans, [], config.keepHistory, approver.settle(plans));
    const derived = await afterPublishing(config, state, plans, deadBefore);
    return {
      derived,
      tables: plans.filter((plan) => plan.selected).map((plan) => reportOf(plan, false)),
      stateTrouble: state.trouble,
    };
  } finally {
    await threads.close();
    provenance?.close();
    state?.close();
    lock.release();
  }
}

const FEWEST_DIGITS = 12;

class Approver {
  readonly #config: Config;
  readonly #formats: ChosenFormats;
  readonly #state: State;
  readonly #held: HeldCandidates;
  readonly #pins: Pins;

  constructor(config: Config, formats: ChosenFormats, state: State) {
    this.#config = config;
    this.#formats = formats;
    this.#state = state;
    this.#held = new HeldCandidates(config.stateDir);
    this.#pins = new Pins(config.stateDir);
  }

  /** Which candidate of which table is meant. @throws ApprovalError */
  choose(tables: ReadonlySet<string>, digests: readonly string[]): Map<string, HeldCandidate> {
    for (const digest of digests) {
      if (/^[0-9a-f]+$/.test(digest) && digest.length >= FEWEST_DIGITS && digest.length <= 64) continue;
      throw new ApprovalError(
        `${printable(Buffer.from(digest))} is no digest: give at least ${FEWEST_DIGITS} of its hexadecimal digits, as review shows them`,
        false,
      );
    }
    const chosen = new Map<string, HeldCandidate>();
    const used = new Set<string>();
    for (const table of tables) {
      const list = this.#held.list(table);
      const found = list.filter((held) => digests.some((digest) => held.digest.startsWith(digest)));
      const [first, second] = found;
      if (second !== undefined) {
        throw new ApprovalError(
          `${table}: the digest stands for several candidates; give more of its digits`,
          false,
        );
      }
      if (first === undefined) throw this.#unknown(table, list);
      chosen.set(table, first);
      for (const digest of digests) if (first.digest.startsWith(digest)) used.add(digest);
    }
    const [unused] = digests.filter((digest) => !used.has(digest));
    if (unused !== undefined) {
      throw new ApprovalError(`no candidate of ${[...tables].join(' or ')} has the digest ${unused}`, false);
    }
    return chosen;
  }

  /** The keys that move with what is approved, by the table that gains them: one that did not show them when it was held. */
  moves(approvals: ReadonlyMap<string, HeldCandidate>): Map<string, Pairs[]> {
    const moves = new Map<string, Pairs[]>();
    for (const [name, { digest }] of approvals) {
      const path = this.#held.movesPath(name, digest);
      if (stampOf(path) === undefined) continue;
      const { pairs } = readDatFile(path);
      const numbers = new Map<string, number[]>();
      for (let i = 0; i < pairs.count; i++) {
        const to = Buffer.from(pairs.pool.subarray(pairs.valueStart[i], pairs.valueEnd[i])).toString();
        const list = numbers.get(to);
        if (list === undefined) numbers.set(to, [i]);
        else list.push(i);
      }
      for (const [to, list] of numbers)
        moves.set(to, [...(moves.get(to) ?? []), pick(pairs, Uint32Array.from(list))]);
    }
    return moves;
  }

  /** @throws ApprovalError, PublishError */
  plan(
    table: TableConfig,
    approved: HeldCandidate | undefined,
    moves: ReadonlyMap<string, readonly Pairs[]>,
  ): Plan[] {
    const arriving = moves.get(table.name) ?? [];
    const files = tableFiles(this.#config.tablesDir, table.name, this.#formats.of(table));
    const found = surveyTable(files, table.name, this.#state);
    if (approved !== undefined) {
      const candidate = this.#candidate(table, approved, found);
      const plan = decidedPlan(table, files, found, candidate);
      // What somebody wrote stays as it is written.
      if (approved.byHand && plan.write !== undefined)
        plan.write = { table: candidate, parts: { dat: false, dbm: true } };
      if (candidate.digest !== approved.candidate) {
        const more = candidate.count - this.#text(table.name, approved.candidate).count;
        plan.notes.push(`with ${more} entries that were published since the review`);
      }
      for (const pairs of arriving) {
        const missing = pairsWithout(pairs, candidate);
        if (missing === undefined) continue;
        throw new ApprovalError(
          `${table.name}: ${missing} moves here with what is approved, and is not in the candidate that is approved; review both again`,
          true,
        );
      }
      return [plan];
    }
    const waiting = this.#waiting(table, files);
    if (waiting === undefined && arriving.length === 0) return [];
    const source = table.name;
    const shown = waiting ?? found.shown();
    const contributions = [...(shown === undefined ? [] : [shown]), ...arriving].map((pairs) => ({
      source,
      pairs,
    }));
    return [heldPlan(table, files, found, merge(contributions).table)];
  }

  /** What a table would be published as that nobody approves now: an address that moves there has to wait for it. */
  #waiting(table: TableConfig, files: TableFiles): Table | undefined {
    if (this.#pins.get(table.name) !== undefined) {
      if (stampOf(files.candidate) === undefined) return undefined;
      const { pairs } = readDatFile(files.candidate);
      return merge([{ source: files.candidate, pairs }]).table;
    }
    const [held] = this.#held.list(table.name);
    return held && this.#text(table.name, held.candidate);
  }

  /**
   * Forgets what is settled. That it can't be forgotten, for want of a right, is a note: the table is published.
   *
   * @returns what the state is to remember
   */
  settle(plans: readonly Plan[]): Map<string, HoldRecord | undefined> {
    const holds = new Map<string, HoldRecord | undefined>();
    for (const { config, outcome, selected, notes } of plans) {
      if (!selected || (outcome !== 'published' && outcome !== 'unchanged')) continue;
      try {
        this.#held.drop(config.name);
        new Rejections(this.#config.stateDir).remove(config.name);
      } catch (error) {
        notes.push(`${this.#config.stateDir}: what was held can't be removed there: ${systemReason(error)}`);
      }
      holds.set(config.name, undefined);
    }
    return holds;
  }

  #unknown(table: string, list: readonly HeldCandidate[]): ApprovalError {
    if (list.length > 0) {
      return new ApprovalError(
        `${table}: none of the candidates that are kept has this digest; mailhub-tables review ${table} shows what is held now`,
        true,
      );
    }
    const history = History.open(this.#config.stateDir);
    try {
      const last = history.runs(1, table, false)[0]?.run;
      const settled =
        last === undefined
          ? ''
          : `; ${last.command} by ${printable(Buffer.from(last.who))} on ${last.startedAt.toISOString()} was the last run that changed it`;
      return new ApprovalError(`${table} is not held, so there is nothing to approve${settled}`, false);
    } finally {
      history.close();
    }
  }

  /** The table that an approval publishes. @throws ApprovalError, PublishError */
  #candidate(config: TableConfig, held: HeldCandidate, found: Survey): Table {
    const { name } = config;
    const refuse = (message: string): ApprovalError => new ApprovalError(`${name}: ${message}`, true);
    const pin = this.#pins.get(name);
    if (pin !== undefined) throw refuse(`the table is pinned; mailhub-tables unpin ${name} lets it go on`);
    const candidate = this.#text(name, held.candidate);
    if (candidate.count === 0) {
      throw refuse('the candidate is empty, and only build --allow-empty publishes an empty table');
    }
    if (held.candidate === held.published) {
      throw refuse('the candidate is what is published already; it is the source that has to be refreshed');
    }
    if (found.foreign !== undefined && !held.byHand && config.sources.length > 0) {
      throw refuse(`somebody else wrote ${name}.dat meanwhile; the next build judges that first`);
    }
    if (found.published?.digest === held.published || found.published?.digest === held.candidate)
      return candidate;
    if (held.published === undefined || found.published === undefined) {
      throw refuse('something else is published now than when it was reviewed; run build, and review again');
    }
    const reviewed = this.#text(name, held.published);
    const now = found.published.load();
    const since = diff(reviewed, now);
    const onlyMore = since.removed.length === 0 && since.changedAfter.length === 0;
    if (config.onHold === 'additions' && onlyMore) {
      const more = pick(now, since.added);
      return merge([
        { source: name, pairs: candidate },
        { source: name, pairs: more },
      ]).table;
    }
    throw refuse(
      `what is published is not what the candidate was reviewed against: since then ${changeText(reviewed, now, since)}; run build, and review again`,
    );
  }

  #text(table: string, digest: string): Table {
    return readKeptText(this.#held.path(table, digest), digest, 'run build, and review again');
  }
}

/** The first key that a table lacks, made printable. */
function pairsWithout({ count, pool, keyStart, keyEnd }: Pairs, table: Table): string | undefined {
  for (let i = 0; i < count; i++) {
    if (entryOf(table, pool, keyStart[i], keyEnd[i]) < 0) return printable(pool, keyStart[i], keyEnd[i]);
  }
  return undefined;
}

/** What makes one table another, in words. */
function changeText(before: Table, after: Table, { added, removed, changedAfter }: Difference): string {
  const parts = [
    ['came', after, added],
    ['went', before, removed],
    ['changed', after, changedAfter],
  ] as const;
  return parts
    .filter(([, , entries]) => entries.length > 0)
    .map(([verb, { pool, keyStart, keyEnd }, entries]) => {
      const [first] = entries;
      const more = entries.length > 1 ? ', ...' : '';
      return `${entries.length} ${verb} (${printable(pool, keyStart[first], keyEnd[first])}${more})`;
    })
    .join(', ');
}
