/** What does not read as it should, before it went to the disk: a fault of this program, or of the machine. */
export class WrongRecordError extends Error {
  override readonly name = 'WrongRecordError';

  constructor(position: number) {
    super(`what was to go to byte ${position} was not made as it should be`);
  }
}
