import type { TableConfig } from '../../config/config.ts';
import type { MergeRecord } from '../../state/mirror/records.ts';
import type { MirrorStore } from '../../state/mirror/store.ts';
import type { Conflict } from '../columns/merge.ts';
import type { Listing } from '../columns/tally.ts';
import type { OverridesOfRun } from '../decisions/overrides-of-run.ts';
import { systemReason } from '../error.ts';
import type { Plan } from '../guard/plan.ts';
import type { Survey } from '../publish/survey.ts';
import type { SourceRejection } from '../report.ts';
import type { Sources } from './collect.ts';
import { oldSources } from './source-age.ts';

/** What merging a table's sources would give, known without doing it. */
export interface Remembered {
  readonly conflicts: Listing<Conflict>;
  readonly rejections: Listing<SourceRejection>;
}

/**
 * Remembers what tables were merged from and to, so that one whose sources gave nothing new, and whose files are as they were
 * published, needs no merging. It is of merging alone that this tells: whether a table was published, held or failed is another matter.
 */
export class MergeMemory {
  readonly #store: MirrorStore | undefined;
  readonly #sources: Sources;
  readonly #byHand: OverridesOfRun;

  constructor(store: MirrorStore | undefined, sources: Sources, byHand: OverridesOfRun) {
    this.#store = store;
    this.#sources = sources;
    this.#byHand = byHand;
  }

  /**
   * What merging would give beside the entries that are published and whole; undefined when it has to be done.
   */
  recall(table: TableConfig, survey: Survey | Error): Remembered | undefined {
    return rememberedIn(this.#record(table, survey, this.#inputs(table)));
  }

  /** What merging gave before this run learnt of any changes, beside the entries that are published and whole. */
  recallPast(table: TableConfig, survey: Survey): Remembered | undefined {
    if (this.#byHand.concerns(table.name)) return undefined;
    return rememberedIn(this.#record(table, survey, this.#sources.pastInputs(table)));
  }
  /** Remembers what was merged in this run. @returns what kept it from that: no table is the worse for it */
  keep(plans: readonly Plan[]): string | undefined {
    const records = new Map<string, MergeRecord>();
    try {
      for (const { config, candidate, conflicts, rejections, isWhole, failure } of plans) {
        if (!isWhole || candidate === undefined || failure !== undefined) continue;
        const inputs = this.#inputs(config);
        if (inputs === undefined) continue;
        records.set(config.name, {
          inputs,
          digest: candidate.digest,
          conflicts: textOf(conflicts),
          rejections: textOf(rejections),
        });
      }
      if (records.size === 0) return undefined;
      this.#store?.recordMerges(records);
      return undefined;
    } catch (error) {
      return `what was merged can't be remembered, so the next run does it again: ${systemReason(error)}`;
    }
  }

  /** What is changed by hand is merged each time. */
  #inputs(table: TableConfig): string | undefined {
    return this.#byHand.concerns(table.name) ? undefined : this.#sources.inputs(table);
  }

  /** The record of a table that is published, and was merged from certain inputs. */
  #record(table: TableConfig, survey: Survey | Error, inputs: string | undefined): MergeRecord | undefined {
    if (this.#store === undefined || survey instanceof Error || table.sources.length === 0) return undefined;
    // A source that nobody writes any more holds its table, though nothing changes.
    if (oldSources(table.sources, Date.now()).length > 0) return undefined;
    const { published, foreign, datThere, dbmMatches } = survey;
    if (published === undefined || foreign !== undefined || !datThere || !dbmMatches) return undefined;
    const record = this.#store.merge(table.name);
    if (record === undefined || record.digest !== published.digest) return undefined;
    return inputs !== undefined && record.inputs === inputs ? record : undefined;
  }
}

function rememberedIn(record: MergeRecord | undefined): Remembered | undefined {
  if (record === undefined) return undefined;
  const conflicts = listingOf(record.conflicts, isConflict);
  const rejections = listingOf(record.rejections, isRejection);
  return conflicts === undefined || rejections === undefined ? undefined : { conflicts, rejections };
}

function textOf<T>({ count, examples }: Listing<T>): string {
  return JSON.stringify({ count, examples });
}

function listingOf<T>(text: string, isItem: (value: unknown) => value is T): Listing<T> | undefined {
  const listing: unknown = JSON.parse(text);
  if (!isRecord(listing) || typeof listing.count !== 'number') return undefined;
  const examples: unknown = listing.examples;
  if (!Array.isArray(examples) || !examples.every(isItem)) return undefined;
  return { count: listing.count, examples };
}

function isConflict(value: unknown): value is Conflict {
  return isRecord(value) && typeof value.key === 'string' && isClaim(value.kept) && isClaim(value.dropped);
}

function isClaim(value: unknown): boolean {
  return isRecord(value) && typeof value.source === 'string' && typeof value.value === 'string';
}

function isRejection(value: unknown): value is SourceRejection {
  if (!isRecord(value)) return false;
  return [value.source, value.place, value.value, value.reason].every((part) => typeof part === 'string');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
