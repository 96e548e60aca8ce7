import { DbmError } from '../error.ts';
import type { WriteOptions } from '../format.ts';
import type { HashOrder } from '../hash-order.ts';
import { measure } from '../limits.ts';
import { createFile, type Output } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import { printable } from '../printable.ts';
import { readBackOf } from '../read-back.ts';
import { inStretches } from '../stretches.ts';
import { TdbFile } from './file.ts';
import { hashSizeOf, inFileOrder } from './file-order.ts';
import { headerBytes } from './header.ts';
import { chainHead, LARGEST_FILE, recordSize } from './layout.ts';
import { limits } from './limits.ts';
import { RecordWriter } from './record-writer.ts';

/** Records between two looks at whether the disk keeps up. */
const BLOCK = 256;

/**
 * `Format.write` for tdb: as many chains as entries, so that a lookup reads one record or two, and each chain's records
 * one after the other, in the order of the chains.
 */
export async function writeTdb(path: string, pairs: Pairs, options: WriteOptions = {}): Promise<void> {
  const terminated = options.terminated ?? true;
  measure(path, pairs, terminated, limits);
  const hashSize = hashSizeOf(pairs.count);
  const order = inFileOrder(pairs, terminated);
  if (order.repeated !== undefined) {
    throw new DbmError(path, `the key ${printable(order.repeated)} is there twice`);
  }
  const size = chainHead(hashSize) + recordSizes(pairs, terminated);
  if (size > LARGEST_FILE) {
    throw new DbmError(path, `the table needs ${size} bytes; a tdb file has at most ${LARGEST_FILE}`);
  }
  await createFile(
    path,
    (output) => fill(output, pairs.pool, order, hashSize, terminated),
    readBackOf((as) => new TdbFile(path, as), pairs, { ...options, terminated }),
  );
}

/** The header comes last: a file that was left half-written has none. */
async function fill(
  output: Output,
  pool: Uint8Array,
  order: HashOrder,
  hashSize: number,
  terminated: boolean,
): Promise<void> {
  const heads = output.stream(chainHead(0));
  const records = output.stream(chainHead(hashSize));
  const writer = new RecordWriter(pool, order, hashSize, terminated, heads, records);
  const count = order.hashes.length;
  for (let from = 0; from < count; from += BLOCK) {
    writer.write(from, Math.min(from + BLOCK, count));
    if (output.full) await output.room();
  }
  writer.end();
  heads.end();
  records.end();
  await output.settle();
  const first = output.stream(0);
  first.put(headerBytes(hashSize));
  first.end();
}

function recordSizes({ count, keyStart, keyEnd, valueStart, valueEnd }: Pairs, terminated: boolean): number {
  const nuls = terminated ? 2 : 0;
  let sum = 0;
  inStretches(count, (from, to) => {
    for (let i = from; i < to; i++) {
      sum += recordSize(keyEnd[i] - keyStart[i] + valueEnd[i] - valueStart[i] + nuls);
    }
  });
  return sum;
}
