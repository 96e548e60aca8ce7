import type { DirectoryReport, ServerLoad } from '../ldap/types.ts';
import type { Pin } from '../state/pins.ts';
import type { Conflict } from './columns/merge.ts';
import type { Listing } from './columns/tally.ts';
import type { Finding } from './guard/finding.ts';
import type { DerivedReport } from './publish/derived.ts';
import type { Rejection } from './sources/file.ts';
import type { Stage } from './threads/stopwatch.ts';

export type Outcome = 'published' | 'unchanged' | 'held' | 'pinned' | 'failed';

/** What a run did to one table, or would do. */
export interface TableReport {
  readonly name: string;
  readonly outcome: Outcome;
  /** Entries that are published before the run, and of the table or candidate after it; undefined where there is none. */
  readonly before: number | undefined;
  readonly after: number | undefined;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly milliseconds: number;
  /** Why it is held. */
  readonly findings: readonly Finding[];
  /** Why it stays as it is, since when, and at whose wish. */
  readonly pin: Pin | undefined;
  /** Why it failed, and whether a source or this machine is to blame. */
  readonly failure: { readonly cause: 'source' | 'machine'; readonly message: string } | undefined;
  readonly conflicts: Listing<Conflict>;
  readonly rejected: Listing<SourceRejection>;
  /** What else a person should know. */
  readonly notes: readonly string[];
  /** The paths of its files: the text, the first dbm file, and the candidate that was not published, where one is kept. */
  readonly dat: string;
  readonly dbm: string;
  readonly candidate: string | undefined;
  /** It has no sources. */
  readonly keptByHand: boolean;
  /** What was held is the `.dat`, as somebody else put it there. */
  readonly heldFile: boolean;
  /** Since when it is held, and what `approve` is given; undefined for a table that is not, and in a dry run. */
  readonly hold: Hold | undefined;
  /** Entry by entry; for a dry run only. */
  readonly difference: DifferenceListing | undefined;
}

/** That a table is held. */
export interface Hold {
  readonly digest: string;
  /** When it began to be held, and when it was first held for the sake of these entries. */
  readonly since: Date;
  readonly firstSeen: Date;
  /** Somebody refused just this: it is held without a word until something else is in question. */
  readonly rejection: { readonly who: string; readonly why: string; readonly since: Date } | undefined;
}

export interface SourceRejection extends Rejection {
  readonly source: string;
}

export interface DifferenceListing {
  readonly added: readonly { readonly key: string; readonly value: string }[];
  readonly removed: readonly { readonly key: string; readonly value: string }[];
  readonly changed: readonly { readonly key: string; readonly from: string; readonly to: string }[];
}

export interface DirectoryOutcome {
  readonly name: string;
  readonly report: Omit<DirectoryReport, 'servers' | 'passwordExpires'> | undefined;
  readonly failure: string | undefined;
  /** What each of its servers was asked for, in the order in which they were, and in vain too. */
  readonly servers: readonly ServerLoad[];
  /** When the password of `bind_dn` ends, as far as known: asked for once a day. */
  readonly passwordExpires: Date | undefined;
  /** Whether everything was asked for, or changes only; undefined for one that failed. */
  readonly mode: 'full' | 'delta' | undefined;
  /** Why everything was asked for. */
  readonly fullBecause: string | undefined;
  /** False where deletions wait for the next full extraction. */
  readonly deletionsSeen: boolean;
}

export interface BuildReport {
  readonly dryRun: boolean;
  readonly milliseconds: number;
  readonly tables: readonly TableReport[];
  readonly directories: readonly DirectoryOutcome[];
  /** The tables that are made of others. */
  readonly derived: readonly DerivedReport[];
  readonly warnings: readonly string[];
  /** Where the time went. */
  readonly stages: readonly Stage[];
  /** Bytes that were resident at most in this process so far. */
  readonly peakMemory: number;
  /** Why the state could not be written, so that nothing of this run is remembered. */
  readonly stateTrouble: string | undefined;
}
