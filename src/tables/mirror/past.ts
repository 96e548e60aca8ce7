import type { Contents } from './contents.ts';

/** What a directory gave before the changes that this run learnt of. */
export interface Past {
  /** As `versions` of a mirror. */
  readonly versions: readonly string[];
  /** @throws DamagedMirrorError, DamagedFileError */
  readonly contents: Contents;
  /** For each selection, the keys of which something has changed; some more than once. */
  readonly keys: readonly (readonly Uint8Array[])[];
}
