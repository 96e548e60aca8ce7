import { viewOf } from '../bytes.ts';
import { BLOCK } from '../entry-block.ts';
import { EntryWriter } from '../entry-writer.ts';
import { DbmError } from '../error.ts';
import { rememberOrder } from '../file-order.ts';
import type { WriteOptions } from '../format.ts';
import { measure } from '../limits.ts';
import { createFile, type Output, type OutputStream } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import { printable } from '../printable.ts';
import { readBackOf } from '../read-back.ts';
import { sortByHash } from '../sort-by-hash.ts';
import { TdbFile } from './file.ts';
import { hashKeys } from './hash.ts';
import { headerBytes } from './header.ts';
import {
  ALIGNMENT,
  chainHead,
  LARGEST_FILE,
  LARGEST_HASH_SIZE,
  RECORD,
  RECORD_HEADER,
  SMALLEST_HASH_SIZE,
  TAIL,
  USED,
} from './layout.ts';
import { limits } from './limits.ts';

/**
 * `Format.write` for tdb: as many chains as entries, so that a lookup reads one record or two, and each chain's records
 * one after the other, in the order of the chains.
 */
export async function writeTdb(path: string, pairs: Pairs, options: WriteOptions = {}): Promise<void> {
  const terminated = options.terminated ?? true;
  measure(path, pairs, terminated, limits);
  const hashes = hashKeys(pairs, terminated);
  // An even number would leave the hash's lowest bit with too much to say.
  const hashSize = Math.min(LARGEST_HASH_SIZE, Math.max(SMALLEST_HASH_SIZE, pairs.count | 1));
  const chains = new Uint32Array(pairs.count);
  for (let i = 0; i < chains.length; i++) chains[i] = hashes[i] % hashSize;
  const { order, repeated } = sortByHash(pairs, chains, 32 - Math.clz32(hashSize));
  if (repeated >= 0) {
    const key = pairs.pool.subarray(pairs.keyStart[repeated], pairs.keyEnd[repeated]);
    throw new DbmError(path, `the key ${printable(key)} is there twice`);
  }
  const size = chainHead(hashSize) + recordSizes(pairs, terminated);
  if (size > LARGEST_FILE) {
    throw new DbmError(path, `the table needs ${size} bytes; a tdb file has at most ${LARGEST_FILE}`);
  }
  const entries = new EntryWriter(pairs, terminated);
  const sorted = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) sorted[i] = hashes[order[i]];
  rememberOrder(pairs, order);
  await createFile(
    path,
    (output) => fill(output, entries, order, sorted, hashSize),
    readBackOf((as) => new TdbFile(path, as), pairs, { ...options, terminated }),
  );
}

/** `hashes` are in `order`. The header comes last: a file that was left half-written has none. */
async function fill(
  output: Output,
  entries: EntryWriter,
  order: Uint32Array,
  hashes: Uint32Array,
  hashSize: number,
): Promise<void> {
  const heads = output.stream(chainHead(0));
  const records = output.stream(chainHead(hashSize));
  const head = new Uint8Array(RECORD_HEADER);
  const view = viewOf(head);
  view.setUint32(RECORD.magic, USED, true);
  let offset = chainHead(hashSize);
  let chains = 0;
  for (let from = 0; from < order.length; from += BLOCK) {
    const to = Math.min(from + BLOCK, order.length);
    entries.load(order, from, to);
    for (let at = from; at < to; at++) {
      const chain = hashes[at] % hashSize;
      if (chain >= chains) {
        for (; chains < chain; chains++) putHead(heads, 0);
        putHead(heads, offset);
        chains++;
      }
      const key = entries.keyLength(at - from);
      const value = entries.valueLength(at - from);
      const size = recordSize(key + value);
      const last = at + 1 === order.length || hashes[at + 1] % hashSize !== chain;
      view.setUint32(RECORD.next, last ? 0 : offset + size, true);
      view.setUint32(RECORD.length, size - RECORD_HEADER, true);
      view.setUint32(RECORD.key, key, true);
      view.setUint32(RECORD.value, value, true);
      view.setUint32(RECORD.hash, hashes[at], true);
      entries.write(records, head, at - from);
      const rest = size - RECORD_HEADER - key - value;
      const tail = records.take(rest);
      for (let i = 0; i < rest - TAIL; i++) records.piece.bytes[tail + i] = 0;
      records.piece.view.setUint32(tail + rest - TAIL, size, true);
      offset += size;
    }
    if (output.full) await output.room();
  }
  for (; chains < hashSize; chains++) putHead(heads, 0);
  heads.end();
  records.end();
  await output.settle();
  const first = output.stream(0);
  first.put(headerBytes(hashSize));
  first.end();
}

function putHead(heads: OutputStream, offset: number): void {
  const at = heads.take(4);
  heads.piece.view.setUint32(at, offset, true);
}

function recordSize(content: number): number {
  return RECORD_HEADER + Math.ceil((content + TAIL) / ALIGNMENT) * ALIGNMENT;
}

function recordSizes({ count, keyStart, keyEnd, valueStart, valueEnd }: Pairs, terminated: boolean): number {
  const nuls = terminated ? 2 : 0;
  let sum = 0;
  for (let i = 0; i < count; i++)
    sum += recordSize(keyEnd[i] - keyStart[i] + valueEnd[i] - valueStart[i] + nuls);
  return sum;
}
