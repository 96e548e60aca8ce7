import type { AttributeSlots } from './attribute-slots.ts';
import type { EntryColumns } from './entry-columns.ts';
import type { JudgedFilter } from './judged-filter.ts';
import { Looks } from './looks.ts';
import { printableDn } from './printable.ts';
import { TRUE } from './truth.ts';
import type { UnseenSlots } from './unseen-slots.ts';

/** Tells the selections whose filters an entry matches: what looks the same to all filters goes to the same. */
export class Router {
  readonly #judged: readonly JudgedFilter[];
  readonly #unseen: UnseenSlots;
  readonly #slots: AttributeSlots;
  #looks: Looks | undefined;
  /** For each look that was met. */
  readonly #known: (readonly number[])[] = [];

  constructor(judged: readonly JudgedFilter[], unseen: UnseenSlots, slots: AttributeSlots) {
    this.#judged = judged;
    this.#unseen = unseen;
    this.#slots = slots;
  }

  selectionsOf(entry: EntryColumns): readonly number[] {
    this.#looks ??= new Looks(
      entry,
      this.#slots,
      this.#judged.flatMap(({ uses }) => uses),
    );
    const look = this.#looks.read();
    if (look >= 0 && look < this.#known.length) return this.#known[look];
    this.#unseen.see(entry);
    const doubts = this.#doubts;
    const selections = this.#judge(entry);
    // Looks are numbered as they are met; what others were given was given before this doubt.
    if (this.#doubts > doubts) {
      this.#looks = undefined;
      this.#known.length = 0;
    } else if (look === this.#known.length) {
      this.#known.push(selections);
    }
    return selections;
  }

  get #doubts(): number {
    return this.#judged.filter(({ doubt }) => doubt !== undefined).length;
  }

  #judge(entry: EntryColumns): number[] {
    const selections: number[] = [];
    let isExplained = false;
    for (const filter of this.#judged) {
      // A filter that was given up may be the one.
      const truth = filter.doubt === undefined ? filter.evaluator(entry) : TRUE;
      if ((truth & TRUE) === 0) continue;
      isExplained = true;
      if (filter.doubt !== undefined) continue;
      if (truth !== TRUE) filter.giveUp(`only the server can tell whether it matches ${nameOf(entry)}`);
      else selections.push(...filter.group.selections);
    }
    if (isExplained) return selections;
    for (const filter of this.#judged) {
      filter.giveUp(`the server found ${nameOf(entry)}, which does not seem to match any of the filters`);
    }
    return [];
  }
}

function nameOf({ bytes, dnStart, dnEnd }: EntryColumns): string {
  return printableDn(bytes, dnStart, dnEnd);
}
