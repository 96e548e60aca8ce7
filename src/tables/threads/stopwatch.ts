/** How long a stage of a run was at work, in milliseconds. */
export interface Stage {
  readonly name: string;
  readonly milliseconds: number;
}

/**
 * Adds up where a thread's time goes, stage by stage, in the order in which stages are first begun. Stages that run at once wait for one
 * another's turn, so they share the time: together they never have more of it than has passed.
 */
export class Stopwatch {
  readonly #milliseconds = new Map<string, number>();
  readonly #now: () => number;
  /** The stages at work; one that was begun twice is here twice. */
  #atWork: string[] = [];
  #sharedUntil = 0;

  /** @param now milliseconds, from a clock that only goes forward */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  get stages(): Stage[] {
    return Array.from(this.#milliseconds, ([name, milliseconds]) => ({ name, milliseconds }));
  }

  add(name: string, milliseconds: number): void {
    this.#milliseconds.set(name, (this.#milliseconds.get(name) ?? 0) + milliseconds);
  }

  /** What another one has measured, in another thread: such stages add up to more than the run. */
  take(stages: readonly Stage[]): void {
    for (const { name, milliseconds } of stages) this.add(name, milliseconds);
  }

  time<T>(name: string, work: () => T): T {
    this.#begin(name);
    try {
      return work();
    } finally {
      this.#end(name);
    }
  }

  async timeAsync<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#begin(name);
    try {
      return await work();
    } finally {
      this.#end(name);
    }
  }

  #begin(name: string): void {
    this.#share();
    this.add(name, 0);
    this.#atWork.push(name);
  }

  #end(name: string): void {
    this.#share();
    this.#atWork.splice(this.#atWork.indexOf(name), 1);
  }

  #share(): void {
    const now = this.#now();
    const each = (now - this.#sharedUntil) / this.#atWork.length;
    for (const name of this.#atWork) this.add(name, each);
    this.#sharedUntil = now;
  }
}
