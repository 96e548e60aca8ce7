import type { Base } from '../../state/mirror/base.ts';
import { IdTable } from './id-table.ts';

/** Where ids are among those of a base, which is gone through once for all that are asked for together. */
export class Places {
  readonly #base: Base;
  readonly #known = new Map<string, number>();

  constructor(base: Base) {
    this.#base = base;
  }

  /** The numbers of objects by their ids; -1 for one that the base does not have. @throws DamagedFileError */
  of(ids: readonly Uint8Array[]): number[] {
    const names = ids.map((id) => Buffer.from(id).toString('latin1'));
    const unknown = new IdTable(ids.length);
    for (const [i, name] of names.entries()) {
      if (this.#known.has(name)) continue;
      this.#known.set(name, -1);
      unknown.add(ids[i]);
    }
    if (unknown.count > 0) {
      const found = this.#base.ids;
      unknown.findAll(found, (place) => {
        this.#known.set(
          Buffer.from(found.buffer, found.byteOffset + place * 16, 16).toString('latin1'),
          place,
        );
      });
    }
    return names.map((name) => this.#known.get(name) ?? -1);
  }
}
