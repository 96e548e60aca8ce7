/** So many changed keys are looked up one by one; for more, tables are merged. */
export const MOST_CHANGED_KEYS = 20_000;

/** What a directory gave before the changes that this run learnt of. */
export interface Past {
  /** As `versions` of a mirror. */
  readonly versions: readonly string[];
  /** For each selection, the keys of which something has changed; some more than once. */
  readonly keys: readonly (readonly Uint8Array[])[];
  /**
   * The values that a selection had for a key, in the order in which they win.
   *
   * @throws DamagedMirrorError, DamagedFileError
   */
  values(selection: number, key: Uint8Array): Uint8Array[];
}
