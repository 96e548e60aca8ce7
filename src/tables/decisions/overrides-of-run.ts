import { printableText } from '../../config/printable.ts';
import type { Override } from '../../state/overrides.ts';
import type { Merged } from '../columns/merge.ts';
import { shellWord } from '../notices/shell-word.ts';
import { changedByHand, changesBy, isCaughtUp } from './overrides.ts';

/** The overrides as one run applies them, and which of them the sources have caught up with. */
export class OverridesOfRun {
  readonly #all: readonly Override[];
  readonly #now = new Date();
  readonly #caughtUp = new Map<Override, boolean>();

  constructor(all: readonly Override[]) {
    this.#all = all;
  }

  /** Whether anything of a table is changed by hand. */
  concerns(name: string): boolean {
    return this.#all.some(({ table }) => table === name);
  }

  /** What the sources gave, changed by hand. @param complete every source gave its whole answer */
  apply(name: string, merged: Merged, complete: boolean): Merged {
    const ours = this.#all.filter(({ table }) => table === name);
    if (ours.length === 0) return merged;
    if (complete) for (const each of ours) this.#caughtUp.set(each, isCaughtUp(merged.table, each));
    return { ...merged, table: changedByHand(merged.table, changesBy(ours, name, this.#now)) };
  }

  /** What a table's report says of them. */
  notes(name: string): string[] {
    return this.#all.flatMap((each) => (each.table === name ? [`by hand: ${overrideText(each)}`] : []));
  }

  /** Told once, when the sources have caught up. */
  warnings(): string[] {
    return [...this.#caughtUp].flatMap(([each, caught]) => {
      if (!caught || each.caughtUp !== undefined) return [];
      const { table, key } = each;
      return [
        `${table}: the sources say by themselves what the override of ${printableText(key)} says: mailhub-tables override remove ${table} ${shellWord(printableText(key))}`,
      ];
    });
  }

  /** The list as it is to be kept; undefined when nothing has changed. */
  updated(): Override[] | undefined {
    const list = this.#all.map((each): Override => {
      const caught = this.#caughtUp.get(each);
      if (caught === undefined || caught === (each.caughtUp !== undefined)) return each;
      return { ...each, caughtUp: caught ? this.#now : undefined };
    });
    return list.some((each, i) => each !== this.#all[i]) ? list : undefined;
  }
}

/** An override for a person, on one line. */
export function overrideText({ key, value, who, why, since, expires, caughtUp }: Override): string {
  const what = value === undefined ? `${key} is kept out` : `${key} goes to ${value}`;
  const until = expires === undefined ? '' : ` until ${expires.toISOString().slice(0, 16)}Z`;
  const needless = caughtUp === undefined ? '' : '; the sources say the same by now';
  return printableText(`${what}${until}, ${who} on ${since.toISOString().slice(0, 10)}: ${why}${needless}`);
}
