import { type Difference, isSame } from '../columns/diff.ts';
import type { Contribution, Merged } from '../columns/merge.ts';
import type { Table } from '../columns/table.ts';
import { type Listing, Tally } from '../columns/tally.ts';
import { isNoRoom } from '../no-room.ts';
import type { TableChange } from '../publish/stage.ts';
import type { Survey } from '../publish/survey.ts';
import type { SourceRejection } from '../report.ts';
import type { Collected } from '../sources/collect.ts';
import { oldSources } from '../sources/source-age.ts';
import { additionsOf } from './additions.ts';
import { type Counts, judge, type Refusal, type Size } from './guard.ts';
import {
  type Base,
  type Decision,
  differenceOf,
  NO_DIFFERENCE,
  type Plan,
  planOf,
  type TableAtHand,
} from './plan.ts';
import type { Verdict } from './verdict.ts';

export interface PlanOptions {
  readonly force: boolean;
  readonly allowEmpty: boolean;
  /** What somebody refused to let go of this table. */
  readonly refusal?: Refusal | undefined;
}

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
    pairs: published.load().columns(),
    standsIn: true,
  } as const;
  return contributions.toSpliced(gap, 0, standIn);
}

/** Decides, from what is published and what the sources gave, whether a table is to be published. */
export function planTable(
  table: TableAtHand,
  collected: Collected,
  merged: Merged | undefined,
  options: PlanOptions,
): Plan {
  return new Planner(table, collected, merged, options).plan();
}

class Planner {
  readonly #table: TableAtHand;
  readonly #collected: Collected;
  readonly #merged: Merged | undefined;
  readonly #options: PlanOptions;
  readonly #notes: string[];

  constructor(table: TableAtHand, collected: Collected, merged: Merged | undefined, options: PlanOptions) {
    this.#table = table;
    this.#collected = collected;
    this.#merged = merged;
    this.#options = options;
    this.#notes = [...table.survey.notes];
  }

  plan(): Plan {
    const { failures, optionalFailures } = this.#collected;
    const decision = this.#table.config.sources.length === 0 ? this.#keptByHand() : this.#fromSources();
    return planOf(this.#table, {
      optionalFailures,
      // What an optional source would have given is not known.
      isWhole: this.#merged !== undefined && failures.length + optionalFailures.length === 0,
      notes: this.#notes,
      ...decision,
    });
  }

  #keptByHand(): Decision {
    const { files, survey } = this.#table;
    const { foreign, published } = survey;
    if (!survey.datThere) {
      const message = `${files.dat} does not exist; the table is kept by hand, so put the file there`;
      return { outcome: 'failed', failure: { cause: 'source', message } };
    }
    if (foreign === undefined) return this.#unchanged(published);

    const difference = differenceOf(published, foreign.table);
    const verdict = this.#judge(published, foreign.table, difference, this.#options.force);
    const passes = verdict.findings.length === 0;
    return {
      outcome: passes ? 'published' : 'held',
      ...found(verdict),
      base: published,
      candidate: foreign.table,
      difference,
      conflicts: foreign.conflicts,
      rejections: rejectionsOf([{ source: files.dat, rejections: foreign.rejections }]),
      heldFile: passes ? undefined : { table: foreign.table, difference },
      write: passes ? adopt(foreign.table) : undefined,
    };
  }

  #fromSources(): Decision {
    const { failures, rejections } = this.#collected;
    if (failures.length > 0 || this.#merged === undefined) return this.#failedSource();
    const { table: candidate, conflicts } = this.#merged;
    return { candidate, conflicts, rejections: rejectionsOf(rejections), ...this.#weigh(candidate) };
  }

  #failedSource(): Decision {
    const { failures, rejections } = this.#collected;
    const { published, foreign } = this.#table.survey;
    const partial = this.#merged?.table;
    return {
      outcome: 'failed',
      failure: {
        // What is too large for us is no fault of the source's.
        cause: failures.some(({ cause }) => isNoRoom(cause)) ? 'machine' : 'source',
        message: failures.map(({ message }) => message).join('; '),
      },
      base: published,
      candidate: partial,
      difference: differenceOf(published, partial),
      rejections: rejectionsOf(rejections),
      write: foreign === undefined ? this.#repair(published) : undefined,
    };
  }

  /** What is to become of a candidate that all sources gave. */
  #weigh(candidate: Table): Decision {
    const { files, survey } = this.#table;
    const { foreign, published, lostDigest } = survey;
    if (published === undefined && lostDigest !== undefined && candidate.digest === lostDigest) {
      this.#notes.push('what was published last is published again: nothing of it was left');
      return {
        outcome: 'published',
        difference: differenceOf(undefined, candidate),
        write: publish(candidate),
      };
    }
    if (foreign === undefined || this.#options.force) return this.#compare(candidate, published, undefined);

    this.#notes.push(`somebody else wrote ${files.dat}`);
    const { table } = foreign;
    const difference = differenceOf(published, table);
    const { findings, key } = this.#judge(published, table, difference, false);
    if (findings.length === 0) {
      const base = { size: sizeOf(table), digest: table.digest, load: () => table };
      return this.#compare(candidate, base, table);
    }
    return {
      outcome: 'held',
      findings: findings.map((finding) => ({
        ...finding,
        message: `${files.dat}, which somebody else wrote: ${finding.message}`,
      })),
      findingsKey: key,
      base: published,
      difference: differenceOf(published, candidate),
      heldFile: { table, difference },
    };
  }

  /** @param adopted the `.dat` of somebody else that passed the guard, and is the base then */
  #compare(candidate: Table, base: Base | undefined, adopted: Table | undefined): Decision {
    const known = this.#merged?.difference;
    const isSameAs = ({ digest }: Base): boolean =>
      known === undefined ? candidate.digest === digest : isSame(known);
    if (base !== undefined && isSameAs(base)) return this.#nothingNew(base, adopted);

    const { published } = this.#table.survey;
    const difference = known ?? differenceOf(base, candidate);
    const verdict = this.#judge(base, candidate, difference, this.#options.force);
    if (verdict.findings.length === 0) {
      const shown = adopted === undefined ? difference : differenceOf(published, candidate);
      const write = publish(candidate, known && base && changeOf(known, base, this.#table.survey));
      return { outcome: 'published', base: published, difference: shown, write };
    }
    const { findings } = verdict;
    const { config } = this.#table;
    const additions = additionsOf({ config, base, candidate, difference, findings, notes: this.#notes });
    return {
      outcome: 'held',
      ...found(verdict),
      base,
      difference,
      write: additions ?? this.#stay(base, adopted),
    };
  }

  #nothingNew(base: Base, adopted: Table | undefined): Decision {
    const old = this.#judgeAge(base);
    if (old.findings.length > 0)
      return { outcome: 'held', ...found(old), base, write: this.#stay(base, adopted) };
    if (adopted === undefined) return this.#unchanged(base);
    const { published } = this.#table.survey;
    return {
      outcome: 'published',
      base: published,
      difference: differenceOf(published, adopted),
      write: adopt(adopted),
    };
  }

  #unchanged(base: Base | undefined): Decision {
    return { outcome: 'unchanged', base, write: this.#repair(base) };
  }

  #stay(base: Base | undefined, adopted: Table | undefined): Plan['write'] {
    return adopted === undefined ? this.#repair(base) : adopt(adopted);
  }

  /** What makes the files on disk match the published entries again. */
  #repair(base: Base | undefined): Plan['write'] {
    const { datThere, dbmMatches, foreign } = this.#table.survey;
    const dat = !datThere || (foreign !== undefined && this.#options.force);
    if (base === undefined || (!dat && dbmMatches)) return undefined;
    if (!dbmMatches) this.#notes.push('the dbm file is rebuilt from the published entries');
    if (dat) this.#notes.push(`${this.#table.files.dat} is written again from the published entries`);
    return { table: base.load(), parts: { dat, dbm: !dbmMatches } };
  }

  #judge(base: Base | undefined, candidate: Table, difference: Difference, force: boolean): Verdict {
    const verdict = judge({
      config: this.#table.config.guard,
      fedByDirectory: this.#table.config.sources.some((source) => source.kind === 'directory'),
      before: this.#sizeBefore(base),
      after: sizeOf(candidate),
      counts: base === undefined ? this.#leastCounts(candidate) : countsOf(difference),
      allowEmpty: this.#options.allowEmpty,
      compared: base && {
        get before() {
          return base.load();
        },
        difference,
      },
      oldSources: oldSources(this.#table.config.sources, Date.now()),
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
      oldSources: this.#options.force ? [] : oldSources(this.#table.config.sources, Date.now()),
    });
  }

  #sizeBefore(base: Base | undefined): Size | undefined {
    const { lostSize, bytesBefore } = this.#table.survey;
    if (base === undefined) return lostSize;
    return bytesBefore === undefined
      ? base.size
      : { ...base.size, bytes: Math.min(base.size.bytes, bytesBefore) };
  }

  /** Of a table whose files are gone only the size is known; it tells how many entries went or came at the least. */
  #leastCounts(candidate: Table): Counts {
    const grown = candidate.count - (this.#table.survey.lostSize?.entries ?? 0);
    return { added: Math.max(grown, 0), removed: Math.max(-grown, 0), changed: 0 };
  }
}

function found({ findings, key }: Verdict): Pick<Plan, 'findings' | 'findingsKey'> {
  return { findings, findingsKey: key };
}

function publish(table: Table, change?: TableChange): Plan['write'] {
  return { table, parts: { dat: true, dbm: true }, change };
}

/** What goes and what comes, of a difference that has no more of the tables than that. */
function changeOf({ before, after }: Difference, { digest }: Base, { stamps, datSum }: Survey): TableChange {
  return { gone: before, come: after, before: { digest, sum: datSum, stamps } };
}

/** What somebody wrote stays as it is written. */
function adopt(table: Table): Plan['write'] {
  return { table, parts: { dat: false, dbm: true } };
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
