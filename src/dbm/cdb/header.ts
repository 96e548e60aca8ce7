import { viewOf } from '../bytes.ts';
import { HEADER_SIZE, SLOT_SIZE, TABLES } from './layout.ts';

/** Where the hash tables are. */
export interface Header {
  readonly position: Uint32Array;
  readonly slots: Uint32Array;
  /** Where the records end and the tables begin. */
  readonly recordsEnd: number;
}

/**
 * Reads a header whose tables follow each other to the end of a file of `size` bytes, as every cdb program writes them;
 * undefined when these are not the first bytes of such a file. There is no other sign of a cdb file.
 */
export function readHeader(head: Uint8Array, size: number): Header | undefined {
  if (head.length < HEADER_SIZE) return undefined;
  const view = viewOf(head);
  const position = new Uint32Array(TABLES);
  const slots = new Uint32Array(TABLES);
  let end = view.getUint32(0, true);
  if (end < HEADER_SIZE) return undefined;
  for (let table = 0; table < TABLES; table++) {
    position[table] = view.getUint32(8 * table, true);
    slots[table] = view.getUint32(8 * table + 4, true);
    if (position[table] !== end) return undefined;
    end += slots[table] * SLOT_SIZE;
  }
  return end === size ? { position, slots, recordsEnd: position[0] } : undefined;
}
