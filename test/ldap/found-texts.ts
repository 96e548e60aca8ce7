import type { FoundEntries } from '../../src/ldap/types.ts';

export interface FoundText {
  /** The number of the object. */
  readonly object: number;
  readonly key: string;
  readonly value: string;
}

/** Reads what a sink is given: a value may stand in an earlier batch. */
export class FoundTexts {
  readonly #pools = new Map<number, Buffer>();

  /** For a selection that starts over, or all of them. */
  forget(selection?: number): void {
    if (selection === undefined) this.#pools.clear();
    else this.#pools.delete(selection);
  }

  read(selection: number, { count, pool, ...columns }: FoundEntries): FoundText[] {
    const all = Buffer.concat([this.#pools.get(selection) ?? Buffer.alloc(0), pool]);
    this.#pools.set(selection, all);
    const { keyStart, keyEnd, valueStart, valueEnd, object } = columns;
    return Array.from({ length: count }, (_, i) => ({
      object: object[i],
      key: all.toString('latin1', keyStart[i], keyEnd[i]),
      value: all.toString('latin1', valueStart[i], valueEnd[i]),
    }));
  }
}
