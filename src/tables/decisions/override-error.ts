/** An override that can't be made, or is not there. */
export class OverrideError extends Error {
  override readonly name = 'OverrideError';
}
