import type { AttributeSlots } from './attribute-slots.ts';
import type { EntryColumns } from './entry-columns.ts';
import type { AttributeUse } from './readability.ts';

const NONE = -1;
/** A directory's recipients look like one of some dozens; where a filter tests what each has for itself, no number would do. */
const MOST = 1024;
const ROOM = 256 * 1024;

/**
 * Numbers the ways in which entries look to some filters: those that have the same of what the filters test have one number. A filter
 * that has judged one of them has judged all.
 */
export class Looks {
  readonly #entry: EntryColumns;

  /** @param uses what the filters test, of attributes that have a slot */
  constructor(entry: EntryColumns, slots: AttributeSlots, uses: readonly AttributeUse[]) {
    this.#entry = entry;
    const columns = new Map<number, boolean>();
    for (const { name, isPresence } of uses) {
      const slot = slots.find(name);
      if (slot !== undefined) columns.set(slot, columns.get(slot) === true || !isPresence);
    }
    const { memory, loops } = entry;
    const numbers = memory.numbers(columns.size * 2);
    numbers.set([...columns].flatMap(([slot, valuesCount]) => [slot, valuesCount ? 1 : 0]));
    loops.setLooks(
      numbers.byteOffset,
      columns.size,
      memory.numbers(MOST * 2).byteOffset,
      MOST * 2,
      memory.numbers(MOST * 3).byteOffset,
      memory.bytes(ROOM).byteOffset,
      ROOM,
    );
  }

  /** The number of the look of the entry that was decoded last: they are numbered from 0 as they are met. -1 for one that gets none. */
  read(): number {
    const { hasOptions, loops, bytes } = this.#entry;
    return hasOptions ? NONE : loops.lookOf(bytes.byteOffset);
  }
}
