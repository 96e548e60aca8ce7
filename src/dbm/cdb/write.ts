import { viewOf } from '../bytes.ts';
import { DbmError } from '../error.ts';
import type { WriteOptions } from '../format.ts';
import type { HashOrder } from '../hash-order.ts';
import { measure } from '../limits.ts';
import { createFile, type Output } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import { printable } from '../printable.ts';
import { readBackOf } from '../read-back.ts';
import { CdbFile } from './file.ts';
import { inFileOrder } from './file-order.ts';
import { HashTables } from './hash-tables.ts';
import { HEADER_SIZE, LARGEST_FILE, RECORD_HEADER, SLOT_SIZE, TABLES } from './layout.ts';
import { limits } from './limits.ts';
import { RecordWriter } from './record-writer.ts';

/** Records between two looks at whether the disk keeps up. */
const BLOCK = 256;

/** `Format.write` for cdb: what `cdb -c` makes of the same records, if it gets them in the order of the slots. */
export async function writeCdb(path: string, pairs: Pairs, options: WriteOptions = {}): Promise<void> {
  const terminated = options.terminated ?? false;
  const { keys, values } = measure(path, pairs, terminated, limits);
  const size = HEADER_SIZE + keys + values + pairs.count * (RECORD_HEADER + 2 * SLOT_SIZE);
  if (size > LARGEST_FILE) {
    throw new DbmError(path, `the table needs ${size} bytes; a cdb file has at most ${LARGEST_FILE}`);
  }
  const order = inFileOrder(pairs, terminated);
  if (order.repeated !== undefined)
    throw new DbmError(path, `the key ${printable(order.repeated)} is there twice`);
  await createFile(
    path,
    (output) => fill(output, pairs.pool, order, terminated),
    readBackOf((as) => new CdbFile(path, as), pairs, options),
  );
}

/** The header comes last: a file that was left half-written has none. */
async function fill(
  output: Output,
  pool: Uint8Array,
  { places, hashes }: HashOrder,
  terminated: boolean,
): Promise<void> {
  const stream = output.stream(HEADER_SIZE);
  const positions = new Uint32Array(hashes.length);
  const records = new RecordWriter(pool, places, terminated, stream, positions);
  let position = HEADER_SIZE;
  for (let from = 0; from < hashes.length; from += BLOCK) {
    position = records.write(from, Math.min(from + BLOCK, hashes.length), position);
    if (output.full) await output.room();
  }

  const tables = new HashTables(hashes, positions);
  const header = new Uint8Array(HEADER_SIZE);
  const view = viewOf(header);
  for (let table = 0; table < TABLES; table++) {
    const bytes = tables.build(table);
    view.setUint32(8 * table, position, true);
    view.setUint32(8 * table + 4, tables.slots(table), true);
    stream.put(bytes);
    position += bytes.length;
    if (output.full) await output.room();
  }
  stream.end();
  await output.settle();
  const first = output.stream(0);
  first.put(header);
  first.end();
}
