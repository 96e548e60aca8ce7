/** How long a stage of a run was at work, in milliseconds. Stages that run at once add up to more than the run. */
export interface Stage {
  readonly name: string;
  readonly milliseconds: number;
}

/** Adds up where time goes, stage by stage, in the order in which stages are first begun. */
export class Stopwatch {
  readonly #milliseconds = new Map<string, number>();

  get stages(): Stage[] {
    return Array.from(this.#milliseconds, ([name, milliseconds]) => ({ name, milliseconds }));
  }

  add(name: string, milliseconds: number): void {
    this.#milliseconds.set(name, (this.#milliseconds.get(name) ?? 0) + milliseconds);
  }

  /** What another one has measured, in another thread. */
  take(stages: readonly Stage[]): void {
    for (const { name, milliseconds } of stages) this.add(name, milliseconds);
  }

  time<T>(name: string, work: () => T): T {
    this.add(name, 0);
    const started = performance.now();
    try {
      return work();
    } finally {
      this.add(name, performance.now() - started);
    }
  }

  async timeAsync<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.add(name, 0);
    const started = performance.now();
    try {
      return await work();
    } finally {
      this.add(name, performance.now() - started);
    }
  }
}
