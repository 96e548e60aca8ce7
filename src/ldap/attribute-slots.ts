import type { Schema } from './schema.ts';

/** Numbers the attributes that an extraction needs, and knows them by every name that a server may answer with. */
export class AttributeSlots {
  readonly #schema: Schema | undefined;
  readonly #slots = new Map<string, number>();
  /** As they were first asked for; the index is the slot. */
  readonly names: string[] = [];

  constructor(schema: Schema | undefined) {
    this.#schema = schema;
  }

  get count(): number {
    return this.names.length;
  }

  /** The slot of an attribute description, made if it has none. */
  add(name: string): number {
    const known = this.find(name);
    if (known !== undefined) return known;
    const slot = this.names.push(name) - 1;
    this.#slots.set(name.toLowerCase(), slot);
    for (const alias of this.#schema?.attribute(name)?.names ?? []) this.#slots.set(alias, slot);
    return slot;
  }

  find(name: string): number | undefined {
    return this.#slots.get(name.toLowerCase());
  }
}
