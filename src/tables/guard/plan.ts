import type { TableConfig } from '../../config/config.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import type { Pin } from '../../state/pins.ts';
import { type Difference, diff } from '../columns/diff.ts';
import { type Conflict, type Contribution, type Merged, merge } from '../columns/merge.ts';
import { pick } from '../columns/pick.ts';
import type { Table } from '../columns/table.ts';
import type { Listing } from '../columns/tally.ts';
import { Tally } from '../columns/tally.ts';
import type { TableFiles } from '../publish/files.ts';
import type { Parts } from '../publish/stage.ts';
import { NOTHING_SURVEYED, type Survey } from '../publish/survey.ts';
import type { Hold, Outcome, SourceRejection } from '../report.ts';
import type { Collected, SourceFailure } from '../sources/collect.ts';
import type { Remembered } from '../sources/merge-memory.ts';
import { oldSources } from '../sources/source-age.ts';
import { type Counts, type Finding, judge, type Refusal, type Size, type Verdict } from './guard.ts';
import type { Change } from './moves.ts';

/** What a run means to do with one table. Later stages may still turn a publication into a hold or a failure. */
export interface Plan {
  readonly config: TableConfig;
  readonly files: TableFiles;
  readonly survey: Survey;
  /** False for a table that the run only looks at, for the sake of addresses that move. */
  readonly selected: boolean;
  outcome: Outcome;
  findings: readonly Finding[];
  /** What the findings are about: the same as long as the same entries would go. */
  findingsKey: string;
  failure: { readonly cause: 'source' | 'machine'; readonly message: string } | undefined;
  /** What is to be written, and from which entries; undefined when the files stay as they are. */
  write: { readonly table: Table; readonly parts: Parts } | undefined;
  /** The table that the sources gave, or those of them that answered. */
  readonly candidate: Table | undefined;
  /** What is published, or the foreign `.dat` that passed the guard: the candidate's counterpart. */
  readonly base: Base | undefined;
  readonly difference: Difference;
  /** A `.dat` of somebody else that was held, in the candidate's stead. */
  heldFile: { readonly table: Table; readonly difference: Difference } | undefined;
  readonly conflicts: Listing<Conflict>;
  readonly rejections: Listing<SourceRejection>;
  /** Optional sources that failed: nothing is removed from the table. */
  readonly optionalFailures: readonly SourceFailure[];
  /** Whether the candidate is what all sources gave. */
  readonly isWhole: boolean;
  readonly notes: string[];
  /** A person chose the candidate: the sources may have given a later one. */
  readonly chosen: boolean;
  /** What became of a hold: see hold.ts. */
  hold: Hold | undefined;
  /** Somebody wants the table to stay as it is. */
  pin: Pin | undefined;
  milliseconds: number;
}

/** What a candidate is compared with. */
export interface Base {
  readonly size: Size;
  readonly digest: string;
  readonly load: () => Table;
}

export interface PlanOptions {
  readonly selected: boolean;
  readonly force: boolean;
  readonly allowEmpty: boolean;
  /** What somebody refused to let go of this table. */
  readonly refusal?: Refusal | undefined;
}

const NO_DIFFERENCE: Difference = {
  added: new Uint32Array(0),
  removed: new Uint32Array(0),
  changedBefore: new Uint32Array(0),
  changedAfter: new Uint32Array(0),
};

const NONE: Listing<never> = { count: 0, examples: [] };

const NO_PLAN = {
  outcome: 'failed' as Outcome,
  findings: [],
  findingsKey: '',
  failure: undefined,
  write: undefined,
  candidate: undefined,
  base: undefined,
  difference: NO_DIFFERENCE,
  heldFile: undefined,
  chosen: false,
  hold: undefined,
  optionalFailures: [],
  isWhole: false,
  pin: undefined,
  milliseconds: 0,
};

/**
 * What a table's candidate is merged from. In the place of an optional source that failed stands what is published, so
 * that for want of that source nothing goes and nothing is routed by a source of less weight.
 *
 * @throws PublishError, DbmError
 */
export function candidateSources({ published }: Survey, collected: Collected): readonly Contribution[] {
  const { contributions, gap, failures } = collected;
  if (failures.length > 0 || gap === undefined || published === undefined) return contributions;
  const standIn = {
    source: 'the published table',
    pairs: published.load(),
    standsIn: true,
  } as const;
  return contributions.toSpliced(gap, 0, standIn);
}

/** Decides, from what is published and what the sources gave, whether a table is to be published. */
export function planTable(
  config: TableConfig,
  files: TableFiles,
  survey: Survey,
  collected: Collected,
  merged: Merged | undefined,
  options: PlanOptions,
): Plan {
  const planner = new Planner(config, files, survey, collected, merged, options);
  return config.sources.length === 0 ? planner.keptByHand() : planner.fromSources();
}

class Planner {
  readonly #config: TableConfig;
  readonly #files: TableFiles;
  readonly #survey: Survey;
  readonly #collected: Collected;
  readonly #merged: Merged | undefined;
  readonly #options: PlanOptions;
  readonly #notes: string[];

  constructor(
    config: TableConfig,
    files: TableFiles,
    survey: Survey,
    collected: Collected,
    merged: Merged | undefined,
    options: PlanOptions,
  ) {
    this.#config = config;
    this.#files = files;
    this.#survey = survey;
    this.#collected = collected;
    this.#merged = merged;
    this.#options = options;
    this.#notes = [...survey.notes];
  }

  keptByHand(): Plan {
    const { foreign, published } = this.#survey;
    if (!this.#survey.datThere) {
      return this.#plan({
        outcome: 'failed',
        failure: {
          cause: 'source',
          message: `${this.#files.dat} does not exist; the table is kept by hand, so put the file there`,
        },
      });
    }
    if (foreign === undefined) return this.#unchanged(published);

    const difference = differenceOf(published, foreign.table);
    const verdict = this.#judge(published, foreign.table, difference, this.#options.force);
    const passes = verdict.findings.length === 0;
    return this.#plan({
      outcome: passes ? 'published' : 'held',
      ...found(verdict),
      base: published,
      candidate: foreign.table,
      difference,
      conflicts: foreign.conflicts,
      rejections: rejectionsOf([{ source: this.#files.dat, rejections: foreign.rejections }]),
      heldFile: passes ? undefined : { table: foreign.table, difference },
      write: passes ? { table: foreign.table, parts: { dat: false, dbm: true } } : undefined,
    });
  }

  fromSources(): Plan {
    const { foreign, published } = this.#survey;
    const { failures } = this.#collected;
    if (failures.length > 0 || this.#merged === undefined) return this.#failedSource();

    const { table: candidate, conflicts } = this.#merged;
    const common = { candidate, conflicts, rejections: rejectionsOf(this.#collected.rejections) };

    const { lostDigest } = this.#survey;
    if (published === undefined && lostDigest !== undefined && candidate.digest === lostDigest) {
      this.#notes.push('what was published last is published again: nothing of it was left');
      const write = { table: candidate, parts: { dat: true, dbm: true } };
      return this.#plan({
        ...common,
        outcome: 'published',
        difference: differenceOf(undefined, candidate),
        write,
      });
    }

    let base: Base | undefined = published;
    let adopted: Table | undefined;
    if (foreign !== undefined && !this.#options.force) {
      this.#notes.push(`somebody else wrote ${this.#files.dat}`);
      const difference = differenceOf(published, foreign.table);
      const { findings, key } = this.#judge(published, foreign.table, difference, false);
      if (findings.length > 0) {
        return this.#plan({
          ...common,
          outcome: 'held',
          findings: findings.map((finding) => ({
            ...finding,
            message: `${this.#files.dat}, which somebody else wrote: ${finding.message}`,
          })),
          findingsKey: key,
          base,
          difference: differenceOf(base, candidate),
          heldFile: { table: foreign.table, difference },
        });
      }
      adopted = foreign.table;
      base = { size: sizeOf(adopted), digest: adopted.digest, load: () => foreign.table };
    }

    if (base !== undefined && candidate.digest === base.digest) {
      const old = this.#judgeAge(base);
      if (old.findings.length > 0) {
        const write = adopted ? { table: adopted, parts: { dat: false, dbm: true } } : this.#repair(base);
        return this.#plan({ ...common, outcome: 'held', ...found(old), base, write });
      }
      return adopted === undefined
        ? { ...this.#unchanged(base), ...common }
        : this.#plan({
            ...common,
            outcome: 'published',
            base: published,
            difference: differenceOf(published, adopted),
            write: { table: adopted, parts: { dat: false, dbm: true } },
          });
    }

    const difference = differenceOf(base, candidate);
    const verdict = this.#judge(base, candidate, difference, this.#options.force);
    if (verdict.findings.length === 0) {
      const write = { table: candidate, parts: { dat: true, dbm: true } };
      const shown = adopted === undefined ? difference : differenceOf(published, candidate);
      return this.#plan({ ...common, outcome: 'published', base: published, difference: shown, write });
    }
    const additions = additionsOf(this.#config, base, candidate, difference, verdict.findings);
    if (additions !== undefined) this.#notes.push(additionsNote(difference));
    return this.#plan({
      ...common,
      outcome: 'held',
      ...found(verdict),
      base,
      difference,
      write:
        additions ?? (adopted ? { table: adopted, parts: { dat: false, dbm: true } } : this.#repair(base)),
    });
  }

  /** What an optional source would have given is not known. */
  get #isWhole(): boolean {
    const { failures, optionalFailures } = this.#collected;
    return this.#merged !== undefined && failures.length + optionalFailures.length === 0;
  }

  #failedSource(): Plan {
    const { failures, rejections } = this.#collected;
    const partial = this.#merged?.table;
    return this.#plan({
      outcome: 'failed',
      failure: { cause: 'source', message: failures.map(({ message }) => message).join('; ') },
      base: this.#survey.published,
      candidate: partial,
      difference: differenceOf(this.#survey.published, partial),
      rejections: rejectionsOf(rejections),
      write: this.#survey.foreign === undefined ? this.#repair(this.#survey.published) : undefined,
    });
  }

  #unchanged(base: Base | undefined): Plan {
    return this.#plan({ outcome: 'unchanged', base, write: this.#repair(base) });
  }

  /** What makes the files on disk match the published entries again. */
  #repair(base: Base | undefined): Plan['write'] {
    const { datThere, dbmMatches, foreign } = this.#survey;
    const dat = !datThere || (foreign !== undefined && this.#options.force);
    if (base === undefined || (!dat && dbmMatches)) return undefined;
    if (!dbmMatches) this.#notes.push('the dbm file is rebuilt from the published entries');
    if (dat) this.#notes.push(`${this.#files.dat} is written again from the published entries`);
    return { table: base.load(), parts: { dat, dbm: !dbmMatches } };
  }

  #judge(base: Base | undefined, candidate: Table, difference: Difference, force: boolean): Verdict {
    const verdict = judge({
      config: this.#config.guard,
      fedByDirectory: this.#config.sources.some((source) => source.kind === 'directory'),
      before: this.#sizeBefore(base),
      after: sizeOf(candidate),
      counts: base === undefined ? this.#leastCounts(candidate) : countsOf(difference),
      allowEmpty: this.#options.allowEmpty,
      compared: base && { before: base.load(), after: candidate, difference },
      oldSources: oldSources(this.#config.sources, Date.now()),
      refusal: this.#options.refusal,
    });
    if (!force) return verdict;
    return { ...verdict, findings: verdict.findings.filter(({ rule }) => rule === 'empty') };
  }

  /** A candidate that is what is published is judged by the age of its sources alone. */
  #judgeAge(base: Base): Verdict {
    return judge({
      config: undefined,
      fedByDirectory: false,
      before: undefined,
      after: base.size,
      counts: countsOf(NO_DIFFERENCE),
      allowEmpty: true,
      oldSources: this.#options.force ? [] : oldSources(this.#config.sources, Date.now()),
    });
  }

  #sizeBefore(base: Base | undefined): Size | undefined {
    const { lostSize, bytesBefore } = this.#survey;
    if (base === undefined) return lostSize;
    return bytesBefore === undefined
      ? base.size
      : { ...base.size, bytes: Math.min(base.size.bytes, bytesBefore) };
  }

  /** Of a table whose files are gone only the size is known; it tells how many entries went or came at the least. */
  #leastCounts(candidate: Table): Counts {
    const grown = candidate.count - (this.#survey.lostSize?.entries ?? 0);
    return { added: Math.max(grown, 0), removed: Math.max(-grown, 0), changed: 0 };
  }

  #plan(plan: Pick<Plan, 'outcome'> & Partial<Plan>): Plan {
    return {
      config: this.#config,
      files: this.#files,
      survey: this.#survey,
      selected: this.#options.selected,
      ...NO_PLAN,
      conflicts: NONE,
      rejections: NONE,
      optionalFailures: this.#collected.optionalFailures,
      isWhole: this.#isWhole,
      notes: this.#notes,
      ...plan,
    };
  }
}

function found({ findings, key }: Verdict): Pick<Plan, 'findings' | 'findingsKey'> {
  return { findings, findingsKey: key };
}

/** The plan of a table that needs no merging: its sources would give just what is published and whole. */
export function settledPlan(
  config: TableConfig,
  files: TableFiles,
  survey: Survey,
  selected: boolean,
  { conflicts, rejections }: Remembered,
): Plan {
  return {
    ...NO_PLAN,
    outcome: 'unchanged',
    base: survey.published,
    config,
    files,
    survey,
    selected,
    conflicts,
    rejections,
    notes: [...survey.notes],
  };
}

/** The plan of a table whose files could not be read; its sources tell which addresses others must keep for it. */
export function failedPlan(
  config: TableConfig,
  files: TableFiles,
  selected: boolean,
  error: unknown,
  candidate: Table | undefined,
): Plan {
  const plan: Plan = {
    ...NO_PLAN,
    candidate,
    difference: differenceOf(undefined, candidate),
    config,
    files,
    survey: NOTHING_SURVEYED,
    selected,
    conflicts: NONE,
    rejections: NONE,
    notes: [],
  };
  fail(plan, error);
  return plan;
}

/** The plan that publishes what a person chose, whatever the guard would say. */
export function decidedPlan(config: TableConfig, files: TableFiles, survey: Survey, table: Table): Plan {
  const same = survey.foreign === undefined && survey.published?.digest === table.digest;
  const sound = same && survey.datThere && survey.dbmMatches;
  return {
    ...NO_PLAN,
    outcome: same ? 'unchanged' : 'published',
    chosen: true,
    candidate: table,
    base: survey.published,
    difference: differenceOf(survey.published, table),
    write: sound ? undefined : { table, parts: { dat: config.sources.length > 0, dbm: true } },
    config,
    files,
    survey,
    selected: true,
    conflicts: NONE,
    rejections: NONE,
    notes: [],
  };
}

/** The plan of a table that stays as it is, for the sake of addresses that move into its candidate. */
export function heldPlan(config: TableConfig, files: TableFiles, survey: Survey, candidate: Table): Plan {
  return {
    ...NO_PLAN,
    outcome: 'held',
    candidate,
    base: survey.published,
    difference: differenceOf(survey.published, candidate),
    config,
    files,
    survey,
    selected: false,
    conflicts: NONE,
    rejections: NONE,
    notes: [],
  };
}

/** What is published of a held candidate all the same: what was there, and the entries whose keys are new. */
function additionsOf(
  config: TableConfig,
  base: Base | undefined,
  candidate: Table,
  { added }: Difference,
  findings: readonly Finding[],
): Plan['write'] {
  const concerned = findings.some(({ rule }) => rule === 'max_added' || rule === 'max_age');
  if (config.onHold !== 'additions' || base === undefined || added.length === 0 || concerned)
    return undefined;
  const source = config.name;
  const published = { source, pairs: base.load() } as const;
  const { table } = merge([published, { source, pairs: pick(candidate, added) }]);
  return { table, parts: { dat: true, dbm: true } };
}

function additionsNote({ added }: Difference): string {
  return `${added.length} new entries are published all the same (on_hold = "additions")`;
}

/** Turns the plan of a table that would be published into that of a held one. */
export function holdPlan(plan: Plan, finding: Finding, findingsKey: string, additions: boolean): void {
  const { config, base, candidate, difference, chosen } = plan;
  plan.outcome = 'held';
  plan.findings = [finding];
  plan.findingsKey = findingsKey;
  plan.write =
    !additions || chosen || candidate === undefined
      ? undefined
      : additionsOf(config, base, candidate, difference, [finding]);
  if (plan.write !== undefined) plan.notes.push(additionsNote(difference));
}

/** Turns a plan into a failure of this machine. */
export function fail(plan: Plan, error: unknown): void {
  plan.outcome = 'failed';
  plan.failure = { cause: 'machine', message: error instanceof Error ? error.message : String(error) };
  plan.findings = [];
  plan.write = undefined;
}

/** What a plan does to the keys that Exim sees, and what it would do if it were not held or failed. */
export function changesOf(plan: Plan): Change[] {
  const { write, candidate } = plan;
  const pending = candidate !== undefined && candidate !== write?.table && plan.outcome !== 'unchanged';
  if (write === undefined && !pending) return [];

  const shown = plan.survey.shown() ?? EMPTY;
  const change = (after: Table, publishes: boolean): Change => {
    const known = after === candidate && (plan.base?.load() ?? EMPTY) === shown;
    const { removed, added } = known ? plan.difference : diff(shown, after);
    return { name: plan.config.name, before: shown, after, removed, added, publishes };
  };
  const changes: Change[] = [];
  if (write !== undefined) changes.push(change(write.table, plan.selected));
  if (!pending) return changes;
  if (write === undefined || !plan.selected) changes.push(change(candidate, false));
  else {
    // What is published of a held candidate waits for nothing any more.
    const { removed, added } = diff(write.table, candidate);
    changes.push({
      name: plan.config.name,
      before: write.table,
      after: candidate,
      removed,
      added,
      publishes: false,
    });
  }
  return changes;
}

export const EMPTY: Pairs = {
  count: 0,
  pool: new Uint8Array(0),
  keyStart: new Uint32Array(0),
  keyEnd: new Uint32Array(0),
  valueStart: new Uint32Array(0),
  valueEnd: new Uint32Array(0),
};

/** What those of the sources gave that answered. */
function differenceOf(base: Base | undefined, candidate: Table | undefined): Difference {
  return candidate === undefined ? NO_DIFFERENCE : diff(base?.load() ?? EMPTY, candidate);
}

function countsOf({ added, removed, changedAfter }: Difference): Counts {
  return { added: added.length, removed: removed.length, changed: changedAfter.length };
}

/** The bytes are counted where somebody asks for them: a first publication is compared with nothing. */
function sizeOf(table: Table): Size {
  return {
    entries: table.count,
    get bytes() {
      return table.bytes;
    },
  };
}

function rejectionsOf(lists: Collected['rejections']): Listing<SourceRejection> {
  const all = new Tally<SourceRejection>();
  for (const { source, rejections } of lists) {
    for (const rejection of rejections.examples) all.add(() => ({ source, ...rejection }));
    all.addUncounted(rejections.count - rejections.examples.length);
  }
  return all;
}
