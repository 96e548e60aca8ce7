/** What every command takes. */
export interface CommonFlags {
  readonly config: string;
  readonly json?: boolean;
}

export interface BuildFlags extends CommonFlags {
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly allowEmpty?: boolean;
  readonly full?: boolean;
}

export interface LookupFlags extends CommonFlags {
  readonly value?: boolean;
}

export interface BenchFlags {
  readonly runs: number;
  readonly url?: string;
  readonly keep?: string;
  readonly compare?: string;
  readonly json?: boolean;
}

export type CheckFlags = CommonFlags;

/** What a command takes that settles something: the history keeps the reason. */
export interface DecisionFlags extends CommonFlags {
  readonly reason?: string;
}

export interface RollbackFlags extends DecisionFlags {
  readonly to?: string;
}

export interface HistoryFlags extends CommonFlags {
  readonly limit: number;
  readonly all?: boolean;
}

export interface ReviewFlags extends CommonFlags {
  /** Where to write the whole difference as CSV; `-` for standard output. */
  readonly csv?: string;
}

export interface ApproveFlags extends DecisionFlags {
  readonly digest?: readonly string[];
  readonly interactive?: boolean;
}

export interface RejectFlags extends CommonFlags {
  readonly reason: string;
  readonly digest?: string;
}

export interface OverrideFlags extends DecisionFlags {
  readonly expires?: Date;
}

export interface ExplainFlags extends CommonFlags {
  readonly offline?: boolean;
}
