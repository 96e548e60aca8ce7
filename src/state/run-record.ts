import type { Difference } from '../tables/columns/diff.ts';
import type { Origin } from '../tables/mirror/provenance.ts';

/** Why and by whom a run is done. */
export interface RunStart {
  /** The command: `build`, `approve`, … */
  readonly command: string;
  readonly who: string;
  readonly reason?: string | undefined;
  /** Milliseconds of Unix time. */
  readonly startedAt: number;
}

/** What became of one table in a run. */
export interface TableOutcome {
  readonly table: string;
  readonly outcome: string;
  /** Entries; undefined where there was, or is, no table. */
  readonly before: number | undefined;
  readonly after: number | undefined;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  /** Why: the findings or the failure. */
  readonly message: string | undefined;
}

/** Entry by entry, what a publication changed, and the objects behind it. */
export interface PublishedChanges {
  readonly difference: Difference;
  /** The object that gave an entry (`added` and `changed`), or gave it last (`removed`). */
  readonly origin: (kind: ChangeKind, key: Uint8Array) => Origin | undefined;
}

export type ChangeKind = 'added' | 'removed' | 'changed';

/** As they are stored. */
export const CHANGE_KINDS: readonly ChangeKind[] = ['added', 'removed', 'changed'];

/** What a directory was asked for by a run. Times are milliseconds. */
export interface DirectoryLoad {
  readonly name: string;
  readonly url: string | undefined;
  readonly requests: number | undefined;
  readonly entries: number | undefined;
  readonly bytes: number | undefined;
  readonly milliseconds: number | undefined;
  readonly failure: string | undefined;
  /** Server by server, those that failed too. */
  readonly servers: readonly {
    readonly url: string;
    readonly attempts: number;
    readonly requests: number;
    readonly entries: number;
    readonly bytes: number;
    readonly milliseconds: number;
    readonly pausedMilliseconds: number;
    readonly failure: string | undefined;
  }[];
}
