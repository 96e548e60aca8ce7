import { EntryBatch } from './entry-batch.ts';
import type { LinearMemory } from './linear-memory.ts';
import { loopsIn } from './loops.ts';
import { ObjectBatch } from './object-batch.ts';
import type { RecipientSink, Rejection } from './types.ts';

const MOST_REJECTIONS = 1024;

/** What searches find for a sink: it is collected where it is found, by compiled loops, and handed over a batch at a time. */
export class Outbox {
  readonly #sink: RecipientSink;
  readonly #objects: ObjectBatch;
  readonly #entries: readonly EntryBatch[];
  #count = 0;
  #rejections: { readonly selection: number; readonly object: number; readonly rejection: Rejection }[] = [];

  /** @param memory where objects and entries are found */
  constructor(sink: RecipientSink, selections: number, memory: LinearMemory) {
    const loops = loopsIn(memory);
    this.#sink = sink;
    this.#objects = new ObjectBatch(memory, loops, (objects) => sink.objects(objects));
    this.#entries = Array.from({ length: selections }, (_, selection) => {
      // Objects come before what they give.
      return new EntryBatch(memory, loops, (entries) => {
        this.#objects.flush();
        sink.entries(selection, entries);
      });
    });
  }

  begin(mode: 'full' | 'delta'): void {
    this.#objects.clear();
    for (const entries of this.#entries) entries.clear();
    this.#rejections = [];
    this.#count = 0;
    this.#sink.begin(mode);
  }

  restart(selection: number): void {
    this.#entries[selection].clear();
    this.#rejections = this.#rejections.filter((each) => each.selection !== selection);
    this.#sink.restart(selection);
  }

  changed(id: Uint8Array, why: 'changed' | 'deleted'): void {
    this.flush();
    this.#sink.changed(id, why);
  }

  /** The object that entries and rejections are of from now on. @param id in the memory of the loops, as is the DN */
  object(id: Uint8Array, bytes: Uint8Array, dnStart: number, dnEnd: number): void {
    this.#objects.add(id, bytes, dnStart, dnEnd);
    this.#count++;
  }

  /** The number of the object that came last. */
  get number(): number {
    return this.#count - 1;
  }

  entries(selection: number): EntryBatch {
    return this.#entries[selection];
  }

  rejected(selection: number, rejection: Rejection): void {
    this.#rejections.push({ selection, object: this.number, rejection });
    if (this.#rejections.length === MOST_REJECTIONS) this.flush();
  }

  /** Hands over all that there is: at the end of each search. */
  flush(): void {
    this.#objects.flush();
    for (const entries of this.#entries) entries.flush();
    for (const { selection, object, rejection } of this.#rejections)
      this.#sink.rejected(selection, object, rejection);
    this.#rejections = [];
  }
}
