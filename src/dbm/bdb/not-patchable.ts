/** No patch, and no fault either: the file has to be written whole. */
export class NotPatchable extends Error {
  override readonly name = 'NotPatchable';
}
