import { SLOT_SIZE, TABLES } from './layout.ts';

/**
 * The 256 hash tables of a file whose records have these hashes and positions, in the records' order. As every cdb
 * program does, twice as many slots as records, and each record in the first free slot from its own on.
 */
export class HashTables {
  /** Records before each table's own, all together at the end. */
  readonly start = new Uint32Array(TABLES + 1);
  readonly #hashes: Uint32Array;
  readonly #positions: Uint32Array;
  readonly #records: Uint32Array;

  constructor(hashes: Uint32Array, positions: Uint32Array) {
    this.#hashes = hashes;
    this.#positions = positions;
    this.#records = new Uint32Array(hashes.length);
    for (let i = 0; i < hashes.length; i++) this.start[(hashes[i] & 255) + 1]++;
    for (let table = 0; table < TABLES; table++) this.start[table + 1] += this.start[table];
    const next = this.start.slice();
    for (let i = 0; i < hashes.length; i++) this.#records[next[hashes[i] & 255]++] = i;
  }

  slots(table: number): number {
    return 2 * (this.start[table + 1] - this.start[table]);
  }

  /** The table's bytes. */
  build(table: number): Uint8Array {
    const slots = this.slots(table);
    const bytes = new Uint8Array(slots * SLOT_SIZE);
    const view = new DataView(bytes.buffer);
    for (let i = this.start[table]; i < this.start[table + 1]; i++) {
      const record = this.#records[i];
      const hash = this.#hashes[record];
      let slot = (hash >>> 8) % slots;
      while (view.getUint32(slot * SLOT_SIZE + 4, true) !== 0) slot = slot + 1 === slots ? 0 : slot + 1;
      view.setUint32(slot * SLOT_SIZE, hash, true);
      view.setUint32(slot * SLOT_SIZE + 4, this.#positions[record], true);
    }
    return bytes;
  }
}
