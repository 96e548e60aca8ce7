import { viewOf } from '../bytes.ts';
import { EntryWriter } from '../entry-writer.ts';
import { DbmError } from '../error.ts';
import type { WriteOptions } from '../format.ts';
import { measure } from '../limits.ts';
import { createFile, type Output } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import { printable } from '../printable.ts';
import { sortByHash } from '../sort-by-hash.ts';
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
  const entries = new EntryWriter(pairs, terminated);
  let size = chainHead(hashSize);
  for (let i = 0; i < order.length; i++) size += recordSize(entries, i);
  if (size > LARGEST_FILE) {
    throw new DbmError(path, `the table needs ${size} bytes; a tdb file has at most ${LARGEST_FILE}`);
  }
  await createFile(path, (output) => fill(output, entries, order, hashes, chains, hashSize));
}

/** The header comes last: a file that was left half-written has none. */
async function fill(
  output: Output,
  entries: EntryWriter,
  order: Uint32Array,
  hashes: Uint32Array,
  chains: Uint32Array,
  hashSize: number,
): Promise<void> {
  const heads = output.stream(chainHead(0));
  const records = output.stream(chainHead(hashSize));
  const head = new Uint8Array(RECORD_HEADER);
  const view = viewOf(head);
  view.setUint32(RECORD.magic, USED, true);
  let offset = chainHead(hashSize);
  let at = 0;
  for (let chain = 0; chain < hashSize; chain++) {
    const place = heads.take(4);
    const begins = at < order.length && chains[order[at]] === chain;
    heads.piece.view.setUint32(place, begins ? offset : 0, true);
    for (; at < order.length && chains[order[at]] === chain; at++) {
      const entry = order[at];
      const size = recordSize(entries, entry);
      const last = at + 1 === order.length || chains[order[at + 1]] !== chain;
      view.setUint32(RECORD.next, last ? 0 : offset + size, true);
      view.setUint32(RECORD.length, size - RECORD_HEADER, true);
      view.setUint32(RECORD.key, entries.keyLength(entry), true);
      view.setUint32(RECORD.value, entries.valueLength(entry), true);
      view.setUint32(RECORD.hash, hashes[entry], true);
      entries.write(records, head, entry);
      const rest = size - RECORD_HEADER - entries.keyLength(entry) - entries.valueLength(entry);
      const tail = records.take(rest);
      records.piece.bytes.fill(0, tail, tail + rest);
      records.piece.view.setUint32(tail + rest - TAIL, size, true);
      offset += size;
    }
    if (output.full) await output.room();
  }
  heads.end();
  records.end();
  await output.settle();
  const first = output.stream(0);
  first.put(headerBytes(hashSize));
  first.end();
}

function recordSize(entries: EntryWriter, entry: number): number {
  const content = entries.keyLength(entry) + entries.valueLength(entry) + TAIL;
  return RECORD_HEADER + Math.ceil(content / ALIGNMENT) * ALIGNMENT;
}
