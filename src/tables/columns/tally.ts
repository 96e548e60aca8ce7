/** How many there are, and the first of them. */
export interface Listing<T> {
  readonly count: number;
  readonly examples: readonly T[];
}

/** Counts occurrences and keeps the first of them as examples, so that a million of them cost no memory. */
export class Tally<T> implements Listing<T> {
  readonly #most: number;
  readonly #examples: T[] = [];
  #count = 0;

  constructor(most = 1000) {
    this.#most = most;
  }

  get count(): number {
    return this.#count;
  }

  get examples(): readonly T[] {
    return this.#examples;
  }

  /** @param describe called only while examples are still kept */
  add(describe: () => T): void {
    this.#count++;
    if (this.#examples.length < this.#most) this.#examples.push(describe());
  }

  /** Counts further occurrences of which there are no examples. */
  addUncounted(count: number): void {
    this.#count += count;
  }
}
