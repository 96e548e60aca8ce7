/** Further batches may take so much longer than everything took, in milliseconds: a server may be busy for a moment. */
const GRACE = 1000;

/** Reading changed objects by their ids will take longer than reading everything. */
export class TooSlow extends Error {}

/**
 * Watches over objects that are read by their ids, batch by batch. A server with an index of ids looks up each of them; one without
 * looks through all that it has, for each batch, and nothing tells which it is but the time that a batch takes.
 */
export class Patience {
  readonly #everything: number;

  /** @param everything what the last search of everything took, in milliseconds */
  constructor(everything: number) {
    this.#everything = everything;
  }

  /** A batch has been read. @throws TooSlow when the others are better not asked for */
  spend(milliseconds: number, batchesLeft: number): void {
    if (milliseconds * batchesLeft > this.#everything + GRACE) throw new TooSlow();
  }
}
