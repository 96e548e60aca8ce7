import { viewOf } from '../bytes.ts';
import { BLOCK } from '../entry-block.ts';
import { EntryWriter } from '../entry-writer.ts';
import { DbmError } from '../error.ts';
import { rememberOrder } from '../file-order.ts';
import type { WriteOptions } from '../format.ts';
import { measure } from '../limits.ts';
import { createFile, type Output } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import { printable } from '../printable.ts';
import { readBackOf } from '../read-back.ts';
import { sortByKey } from '../sort.ts';
import { CdbFile } from './file.ts';
import { hashKeys } from './hash.ts';
import { HashTables } from './hash-tables.ts';
import { HEADER_SIZE, LARGEST_FILE, RECORD_HEADER, SLOT_SIZE, TABLES } from './layout.ts';
import { limits } from './limits.ts';

/** `Format.write` for cdb: records in the order of their keys, as `cdb -c` writes a sorted table. */
export async function writeCdb(path: string, pairs: Pairs, options: WriteOptions = {}): Promise<void> {
  const terminated = options.terminated ?? false;
  const { keys, values } = measure(path, pairs, terminated, limits);
  const size = HEADER_SIZE + keys + values + pairs.count * (RECORD_HEADER + 2 * SLOT_SIZE);
  if (size > LARGEST_FILE) {
    throw new DbmError(path, `the table needs ${size} bytes; a cdb file has at most ${LARGEST_FILE}`);
  }
  const { order, repeated } = sortByKey(pairs);
  if (repeated >= 0) {
    const key = pairs.pool.subarray(pairs.keyStart[repeated], pairs.keyEnd[repeated]);
    throw new DbmError(path, `the key ${printable(key)} is there twice`);
  }
  rememberOrder(pairs, order);
  await createFile(
    path,
    (output) => fill(output, pairs, order, terminated),
    readBackOf((as) => new CdbFile(path, as), pairs, options),
  );
}

/** The header comes last: a file that was left half-written has none. */
async function fill(output: Output, pairs: Pairs, order: Uint32Array, terminated: boolean): Promise<void> {
  const stream = output.stream(HEADER_SIZE);
  const positions = new Uint32Array(order.length);
  const entries = new EntryWriter(pairs, terminated);
  const head = new Uint8Array(RECORD_HEADER);
  const headView = viewOf(head);
  let position = HEADER_SIZE;
  for (let from = 0; from < order.length; from += BLOCK) {
    const to = Math.min(from + BLOCK, order.length);
    entries.load(order, from, to);
    for (let i = from; i < to; i++) {
      positions[i] = position;
      const key = entries.keyLength(i - from);
      const value = entries.valueLength(i - from);
      headView.setUint32(0, key, true);
      headView.setUint32(4, value, true);
      entries.write(stream, head, i - from);
      position += RECORD_HEADER + key + value;
    }
    if (output.full) await output.room();
  }

  const hashes = inOrder(hashKeys(pairs, terminated), order);
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

function inOrder(hashes: Uint32Array, order: Uint32Array): Uint32Array {
  const ordered = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) ordered[i] = hashes[order[i]];
  return ordered;
}
