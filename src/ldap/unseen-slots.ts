import type { EntryColumns } from './entry-columns.ts';

/** Attributes of which no entry has shown a value yet. */
export class UnseenSlots {
  readonly slots: number[];

  constructor(slots: readonly (number | undefined)[]) {
    this.slots = [...new Set(slots)].filter((slot) => slot !== undefined);
  }

  see(entry: EntryColumns): void {
    for (let i = this.slots.length - 1; i >= 0; i--) if (entry.has(this.slots[i])) this.slots.splice(i, 1);
  }
}
