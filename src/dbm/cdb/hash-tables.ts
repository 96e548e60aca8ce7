import { inStretches } from '../stretches.ts';
import { SLOT_SIZE, TABLES } from './layout.ts';

/**
 * The 256 hash tables of a file whose records have these hashes and positions, in the records' order. As every cdb
 * program does, twice as many slots as records, and each record in the first free slot from its own on.
 */
export class HashTables {
  /** Records before each table's own, all together at the end. */
  readonly start = new Uint32Array(TABLES + 1);
  /** Of the records of one table after the other. */
  readonly #hashes: Uint32Array;
  readonly #positions: Uint32Array;
  #view = new DataView(new ArrayBuffer(0));

  constructor(hashes: Uint32Array, positions: Uint32Array) {
    const byTable = countByTable(hashes, this.start);
    if (byTable) {
      this.#hashes = hashes;
      this.#positions = positions;
      return;
    }
    this.#hashes = new Uint32Array(hashes.length);
    this.#positions = new Uint32Array(hashes.length);
    const next = this.start.slice();
    for (let i = 0; i < hashes.length; i++) {
      const to = next[hashes[i] & 255]++;
      this.#hashes[to] = hashes[i];
      this.#positions[to] = positions[i];
    }
  }

  slots(table: number): number {
    return 2 * (this.start[table + 1] - this.start[table]);
  }

  /** The table's bytes, valid until the next call. */
  build(table: number): Uint8Array {
    const slots = this.slots(table);
    const size = slots * SLOT_SIZE;
    if (size > this.#view.byteLength) this.#view = new DataView(new ArrayBuffer(size));
    const view = this.#view;
    const bytes = new Uint8Array(view.buffer, 0, size).fill(0);
    const hashes = this.#hashes;
    const positions = this.#positions;
    const end = this.start[table + 1];
    for (let i = this.start[table]; i < end; i++) {
      const hash = hashes[i];
      let at = ((hash >>> 8) % slots) * SLOT_SIZE;
      while (view.getUint32(at + 4, true) !== 0) at = at + SLOT_SIZE === size ? 0 : at + SLOT_SIZE;
      view.setUint32(at, hash, true);
      view.setUint32(at + 4, positions[i], true);
    }
    return bytes;
  }
}

/**
 * Sets `start[table]` to the number of records before the table's own, if they stood in the order of the tables. Returns whether
 * they do.
 */
function countByTable(hashes: Uint32Array, start: Uint32Array): boolean {
  let byTable = true;
  inStretches(hashes.length, (from, to) => {
    let inOrder = true;
    let before = from === 0 ? 0 : hashes[from - 1] & 255;
    for (let i = from; i < to; i++) {
      const table = hashes[i] & 255;
      if (table < before) inOrder = false;
      start[table + 1]++;
      before = table;
    }
    byTable &&= inOrder;
  });
  for (let table = 0; table < TABLES; table++) start[table + 1] += start[table];
  return byTable;
}
