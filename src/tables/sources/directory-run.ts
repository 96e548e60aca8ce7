import type { DirectoryError } from '../../ldap/error.ts';
import type { DirectoryReport, ServerLoad } from '../../ldap/types.ts';

/** What became of asking a directory. */
export interface DirectoryRun {
  readonly name: string;
  readonly report: DirectoryReport | undefined;
  readonly failure: DirectoryError | undefined;
  /** What each of its servers was asked for, in vain too. */
  readonly servers: readonly ServerLoad[];
  /** When the password of the bind ends, as far as known. */
  readonly passwordExpires: Date | undefined;
  /** What ends soon. */
  readonly warnings: readonly string[];
  /** Whether everything was asked for, or changes only; undefined for one that failed. */
  readonly mode: 'full' | 'delta' | undefined;
  /** Why everything was asked for. */
  readonly fullBecause: string | undefined;
  /** False where deletions wait for the next full extraction. */
  readonly deletionsSeen: boolean;
}
