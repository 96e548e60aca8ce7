import type { TableConfig } from '../../config/config.ts';
import type { Pin } from '../../state/pins.ts';
import { type Difference, diff } from '../columns/diff.ts';
import type { Conflict } from '../columns/merge.ts';
import { NO_ENTRIES } from '../columns/no-entries.ts';
import type { Table } from '../columns/table.ts';
import type { Listing } from '../columns/tally.ts';
import type { TableFiles } from '../publish/files.ts';
import type { Parts, TableChange } from '../publish/stage.ts';
import type { Survey } from '../publish/survey.ts';
import type { Hold, Outcome, SourceRejection } from '../report.ts';
import type { SourceFailure } from '../sources/collect.ts';
import type { Finding } from './finding.ts';
import type { Size } from './guard.ts';

/** A table as a run finds it. */
export interface TableAtHand {
  readonly config: TableConfig;
  readonly files: TableFiles;
  readonly survey: Survey;
  /** False for a table that the run only looks at, for the sake of addresses that move. */
  readonly selected: boolean;
}

/** What a run means to do with one table. Later stages may still turn a publication into a hold or a failure. */
export interface Plan extends TableAtHand {
  outcome: Outcome;
  findings: readonly Finding[];
  /** What the findings are about: the same as long as the same entries would go. */
  findingsKey: string;
  failure: { readonly cause: 'source' | 'machine'; readonly message: string } | undefined;
  /** What is to be written, and from which entries; undefined when the files stay as they are. */
  write:
    | {
        readonly table: Table;
        readonly parts: Parts;
        /** What it changes in the files, where that is little. */
        readonly change?: TableChange | undefined;
      }
    | undefined;
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

/** What is decided of a table, where that is more than nothing. */
export type Decision = Pick<Plan, 'outcome'> & Partial<Omit<Plan, keyof TableAtHand>>;

/** What a candidate is compared with. */
export interface Base {
  readonly size: Size;
  readonly digest: string;
  readonly load: () => Table;
}

export const NO_DIFFERENCE: Difference = {
  before: NO_ENTRIES,
  after: NO_ENTRIES,
  added: new Uint32Array(0),
  removed: new Uint32Array(0),
  changedBefore: new Uint32Array(0),
  changedAfter: new Uint32Array(0),
};

const NONE: Listing<never> = { count: 0, examples: [] };

/** The plan of a table of which no more is known than `decision` says. */
export function planOf({ config, files, survey, selected }: TableAtHand, decision: Decision): Plan {
  return {
    config,
    files,
    survey,
    selected,
    findings: [],
    findingsKey: '',
    failure: undefined,
    write: undefined,
    candidate: undefined,
    base: undefined,
    difference: NO_DIFFERENCE,
    heldFile: undefined,
    conflicts: NONE,
    rejections: NONE,
    optionalFailures: [],
    isWhole: false,
    notes: [],
    chosen: false,
    hold: undefined,
    pin: undefined,
    milliseconds: 0,
    ...decision,
  };
}

/** Turns a plan into a failure of this machine. */
export function fail(plan: Plan, error: unknown): void {
  plan.outcome = 'failed';
  plan.failure = { cause: 'machine', message: error instanceof Error ? error.message : String(error) };
  plan.findings = [];
  plan.write = undefined;
}

/** What a candidate would change; nothing where there is none. */
export function differenceOf(base: Base | undefined, candidate: Table | undefined): Difference {
  return candidate === undefined ? NO_DIFFERENCE : diff(base?.load() ?? NO_ENTRIES, candidate);
}
