import { viewOf } from '../bytes.ts';
import { DbmError } from '../error.ts';
import type { Input } from '../input.ts';
import type { Pairs } from '../pairs.ts';
import { ReadWindow } from '../read-window.ts';
import { Bucket } from './bucket.ts';
import { getAddress, type Header } from './header.ts';
import { HASH_BITS } from './layout.ts';

/** Offsets in `Pairs` have 32 bits. */
const LARGEST_POOL = 2 ** 32 - 1;

/**
 * Gives `visit` each bucket with the first bits of the hashes that belong there.
 *
 * @throws DbmError when the directory and the buckets do not agree
 */
export function forEachBucket(
  input: Input,
  header: Header,
  visit: (bucket: Bucket, prefix: number) => void,
): void {
  const { directory, directoryBits } = header;
  const view = viewOf(input.bytes(directory, 8 * 2 ** directoryBits));
  const bucket = new Bucket(input, header, new ReadWindow(input));
  for (let entry = 0; entry < 2 ** directoryBits; ) {
    bucket.load(getAddress(view, 8 * entry));
    const entries = 2 ** (directoryBits - bucket.bits);
    if (entry % entries !== 0)
      throw input.fault(directory + 8 * entry, 'the directory leads to a bucket of other bits');
    for (let i = 1; i < entries; i++) {
      if (getAddress(view, 8 * (entry + i)) !== bucket.address) {
        throw input.fault(directory + 8 * (entry + i), 'the directory leads to a bucket of other bits');
      }
    }
    visit(bucket, entry / entries);
    entry += entries;
  }
}

/** The bits of a hash that choose its bucket. */
export function prefixOf(hash: number, bits: number): number {
  return bits === 0 ? 0 : hash >>> (HASH_BITS - bits);
}

/** How the stored keys end: with a NUL, without, or one each as its last byte tells. */
export type Terminated = boolean | undefined;

/**
 * All entries, in the order of the buckets, over the file's own bytes.
 *
 * @throws DbmError when the file is damaged so that they can't be read
 */
export function readEntries(input: Input, header: Header, terminated: Terminated): Pairs {
  if (input.size > LARGEST_POOL)
    throw new DbmError(input.path, `${input.size} bytes are more than a table can hold`);
  let count = 0;
  forEachBucket(input, header, (bucket) => {
    count += bucket.count;
  });
  const pool = input.bytes(0, input.size);
  const keyStart = new Uint32Array(count);
  const keyEnd = new Uint32Array(count);
  const valueStart = new Uint32Array(count);
  const valueEnd = new Uint32Array(count);
  let entry = 0;
  forEachBucket(input, header, (bucket) => {
    let found = 0;
    for (let element = 0; element < header.bucketElements; element++) {
      if (bucket.isEmpty(element)) continue;
      if (found === bucket.count) throw bucket.fault(element, `one more than the bucket's ${bucket.count}`);
      found++;
      const start = bucket.entryAddress(element);
      const middle = start + bucket.keySize(element);
      const end = middle + bucket.valueSize(element);
      const ended = middle > start && pool[middle - 1] === 0;
      if (terminated === true && !(ended && end > middle && pool[end - 1] === 0)) {
        throw bucket.fault(element, 'lacks the NUL behind key or value');
      }
      const nul = terminated !== false && ended ? 1 : 0;
      keyStart[entry] = start;
      keyEnd[entry] = middle - nul;
      valueStart[entry] = middle;
      valueEnd[entry] = nul === 1 && end > middle && pool[end - 1] === 0 ? end - 1 : end;
      entry++;
    }
    if (found !== bucket.count)
      throw bucket.fault(0, `the bucket has ${found} of its ${bucket.count} elements`);
  });
  return { count, pool, keyStart, keyEnd, valueStart, valueEnd };
}
