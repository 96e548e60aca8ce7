import { viewOf } from '../bytes.ts';
import type { Input } from '../input.ts';
import { HashTables } from './hash-tables.ts';
import type { Header } from './header.ts';
import { SLOT_SIZE, TABLES } from './layout.ts';

/**
 * Checks that the hash tables lead to every record, whose hashes and positions are given, and to nothing else. Tables as any cdb program makes them are simply
 * made again; others are walked slot by slot.
 *
 * @throws DbmError naming the first slot or record at fault
 */
export function checkTables(input: Input, header: Header, hashes: Uint32Array, positions: Uint32Array): void {
  const expected = new HashTables(hashes, positions);
  const room = input.allocate(Math.max(...header.slots) * SLOT_SIZE);
  for (let table = 0; table < TABLES; table++) {
    const bytes = room.subarray(0, header.slots[table] * SLOT_SIZE);
    input.read(bytes, header.position[table]);
    if (Buffer.compare(bytes, expected.build(table)) !== 0) {
      const records = expected.start[table + 1] - expected.start[table];
      walkTable(input, table, header, viewOf(bytes), records, hashes, positions);
    }
  }
}

function walkTable(
  input: Input,
  table: number,
  header: Header,
  view: DataView,
  records: number,
  hashes: Uint32Array,
  positions: Uint32Array,
): void {
  const slots = header.slots[table];
  const fault = (slot: number, message: string) =>
    input.fault(header.position[table] + slot * SLOT_SIZE, message);
  const seen = new Set<number>();
  const empty = new Uint32Array(slots + 1);
  for (let slot = 0; slot < slots; slot++) {
    empty[slot + 1] = empty[slot] + (view.getUint32(slot * SLOT_SIZE + 4, true) === 0 ? 1 : 0);
  }
  for (let slot = 0; slot < slots; slot++) {
    const position = view.getUint32(slot * SLOT_SIZE + 4, true);
    if (position === 0) continue;
    const hash = view.getUint32(slot * SLOT_SIZE, true);
    const record = find(positions, position);
    if (record < 0) throw fault(slot, `a slot leads to byte ${position}, where no record begins`);
    if (hashes[record] !== hash) throw fault(slot, 'the slot has another hash than its record');
    if ((hash & 255) !== table) throw fault(slot, `a slot in table ${table} is of table ${hash & 255}`);
    if (seen.has(record)) throw fault(slot, `a second slot leads to byte ${position}`);
    seen.add(record);
    const first = (hash >>> 8) % slots;
    const gaps = first <= slot ? empty[slot] - empty[first] : empty[slots] - empty[first] + empty[slot];
    if (gaps > 0) throw fault(slot, 'an empty slot before this one hides it');
  }
  if (seen.size !== records) throw fault(0, `table ${table} leads to ${seen.size} of its ${records} records`);
}

function find(positions: Uint32Array, position: number): number {
  let low = 0;
  let high = positions.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    if (positions[middle] === position) return middle;
    if (positions[middle] < position) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
