/**
 * Looks a key up in a file whose keys and values may have a NUL behind them, which is not part of the value that it returns.
 *
 * @param terminated whether they have; undefined where the file may be of either kind: then a key with a NUL goes first
 */
export function findKey(
  key: Uint8Array,
  terminated: boolean | undefined,
  find: (stored: Uint8Array) => Uint8Array | undefined,
): Uint8Array | undefined {
  if (terminated !== false) {
    const stored = new Uint8Array(key.length + 1);
    stored.set(key);
    const value = find(stored);
    if (value !== undefined) return value.at(-1) === 0 ? value.subarray(0, -1) : value;
  }
  return terminated === true ? undefined : find(key);
}
