/** Each byte of a key goes into its hash as `Math.imul(hash, HASH_PRIME) ^ byte`, beginning with 0. */
const HASH_PRIME = 0x01000193;

/** Berkeley DB's hash of `bytes[start, end)`, with a NUL behind them where `terminated`. An unsigned 32-bit number. */
export function hashKey(bytes: Uint8Array, start: number, end: number, terminated: boolean): number {
  let hash = 0;
  for (let i = start; i < end; i++) hash = Math.imul(hash, HASH_PRIME) ^ bytes[i];
  return (terminated ? Math.imul(hash, HASH_PRIME) : hash) >>> 0;
}
