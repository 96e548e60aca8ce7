import { viewOf } from '../bytes.ts';
import { DbmError } from '../error.ts';
import type { WriteOptions } from '../format.ts';
import { measure } from '../limits.ts';
import { createFile, type Output } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import { printable } from '../printable.ts';
import { readBackOf } from '../read-back.ts';
import { inKeyOrder } from '../sort.ts';
import { CdbFile } from './file.ts';
import { hashKeys } from './hash.ts';
import { HashTables } from './hash-tables.ts';
import { HEADER_SIZE, LARGEST_FILE, RECORD_HEADER, SLOT_SIZE, TABLES } from './layout.ts';
import { limits } from './limits.ts';
import { RecordWriter } from './record-writer.ts';

/** Records between two looks at whether the disk keeps up. */
const BLOCK = 256;

/** `Format.write` for cdb: records in the order of their keys, as `cdb -c` writes a sorted table. */
export async function writeCdb(path: string, pairs: Pairs, options: WriteOptions = {}): Promise<void> {
  const terminated = options.terminated ?? false;
  const { keys, values } = measure(path, pairs, terminated, limits);
  const size = HEADER_SIZE + keys + values + pairs.count * (RECORD_HEADER + 2 * SLOT_SIZE);
  if (size > LARGEST_FILE) {
    throw new DbmError(path, `the table needs ${size} bytes; a cdb file has at most ${LARGEST_FILE}`);
  }
  const sorted = inKeyOrder(pairs);
  if (sorted.repeated >= 0) {
    const { pool, keyStart, keyEnd } = sorted.pairs;
    const key = pool.subarray(keyStart[sorted.repeated], keyEnd[sorted.repeated]);
    throw new DbmError(path, `the key ${printable(key)} is there twice`);
  }
  await createFile(
    path,
    (output) => fill(output, sorted.pairs, terminated),
    readBackOf((as) => new CdbFile(path, as), pairs, options),
  );
}

/** `pairs` are in order. The header comes last: a file that was left half-written has none. */
async function fill(output: Output, pairs: Pairs, terminated: boolean): Promise<void> {
  const stream = output.stream(HEADER_SIZE);
  const positions = new Uint32Array(pairs.count);
  const records = new RecordWriter(pairs, terminated, stream, positions);
  let position = HEADER_SIZE;
  for (let from = 0; from < pairs.count; from += BLOCK) {
    position = records.write(from, Math.min(from + BLOCK, pairs.count), position);
    if (output.full) await output.room();
  }

  const tables = new HashTables(hashKeys(pairs, terminated), positions);
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
