import type { Evaluator } from './evaluate.ts';
import type { FilterGroup } from './plan.ts';
import { type AttributeUse, attributeUses } from './readability.ts';
import type { Attempt } from './recipient-search.ts';

/** A filter of a shared search, which is told apart from the others here. */
export class JudgedFilter {
  readonly group: FilterGroup;
  readonly evaluator: Evaluator;
  readonly uses: readonly AttributeUse[];
  /** Why it has to be asked by itself. */
  doubt: string | undefined;
  readonly #attempt: Attempt;

  constructor(attempt: Attempt, group: FilterGroup, evaluator: Evaluator) {
    this.#attempt = attempt;
    this.group = group;
    this.evaluator = evaluator;
    this.uses = attributeUses(group.filter);
  }

  giveUp(reason: string): void {
    if (this.doubt !== undefined) return;
    this.doubt = reason;
    for (const number of this.group.selections) this.#attempt.sink.restart(number);
  }
}
