import { viewOf } from '../bytes.ts';
import { DbmError } from '../error.ts';
import type { Input } from '../input.ts';
import { hashKey } from './hash.ts';
import {
  chainHead,
  FEATURES,
  HEADER,
  LARGEST_HASH_SIZE,
  MAGIC,
  OTHER_HASH,
  RECORD,
  RECORD_HEADER,
  RECOVERY,
  USED,
  VERSION,
} from './layout.ts';

export interface Header {
  readonly bigEndian: boolean;
  readonly hashSize: number;
  /** Where the first record is. */
  readonly records: number;
  /** Where the record for crashed transactions is, or 0. */
  readonly recovery: number;
}

/** The header of a file without free records, of the byte order of x86. */
export function headerBytes(hashSize: number): Uint8Array {
  const bytes = new Uint8Array(HEADER.freeList + 4);
  const view = viewOf(bytes);
  bytes.set(MAGIC);
  view.setUint32(HEADER.version, VERSION, true);
  view.setUint32(HEADER.hashSize, hashSize, true);
  view.setUint32(HEADER.magicHash1, hashKey(MAGIC, 0, MAGIC.length), true);
  view.setUint32(HEADER.magicHash2, magicHash(false), true);
  return bytes;
}

/** True when a file with these first bytes is for us to open, or to refuse with a reason. */
export function isTdb(head: Uint8Array): boolean {
  return Buffer.compare(head.subarray(0, MAGIC.length), MAGIC) === 0;
}

/** @throws DbmError when the file is of another kind, or what its header says can't be */
export function readHeader(input: Input): Header {
  const head = input.bytes(0, HEADER.freeList + 4);
  if (!isTdb(head)) throw input.fault(0, 'not a tdb file: the magic string is wrong');
  if (head.length < HEADER.freeList + 4) throw input.fault(input.size, 'truncated in its header');
  const view = viewOf(head);
  const bigEndian = view.getUint32(HEADER.version) === VERSION;
  const get = (offset: number) => view.getUint32(offset, !bigEndian);
  const check = (good: boolean, offset: number, message: string) => {
    if (!good) throw input.fault(offset, `header: ${message}`);
  };
  check(get(HEADER.version) === VERSION, HEADER.version, 'a version that is not known');
  check(get(HEADER.locks) !== FEATURES, HEADER.locks, 'features that are not supported');
  check(get(HEADER.locks) !== OTHER_HASH, HEADER.locks, 'made with another hash function');
  check(get(HEADER.locks) === 0, HEADER.locks, 'an obsolete kind of locks');
  const [hash1, hash2] = [get(HEADER.magicHash1), get(HEADER.magicHash2)];
  const known = hash1 === hashKey(MAGIC, 0, MAGIC.length) && hash2 === magicHash(bigEndian);
  check(known || (hash1 === 0 && hash2 === 0), HEADER.magicHash1, 'made with another hash function');
  const hashSize = get(HEADER.hashSize);
  check(hashSize > 0 && hashSize <= LARGEST_HASH_SIZE, HEADER.hashSize, `hash size ${hashSize}`);
  const records = chainHead(hashSize);
  if (input.size < records) throw input.fault(input.size, 'truncated in its hash chains');
  const recovery = get(HEADER.recovery);
  check(
    recovery === 0 || (recovery >= records && recovery < input.size),
    HEADER.recovery,
    `recovery at ${recovery}`,
  );
  refuseUnfinished(input, recovery, !bigEndian);
  return { bigEndian, hashSize, records, recovery };
}

/** After a crash the next program that writes to the file has to finish what was begun. */
function refuseUnfinished(input: Input, recovery: number, little: boolean): void {
  if (recovery === 0 || recovery + RECORD_HEADER > input.size) return;
  const magic = viewOf(input.bytes(recovery, RECORD_HEADER)).getUint32(RECORD.magic, little);
  if (magic === RECOVERY) {
    throw new DbmError(
      input.path,
      'a transaction was not finished; any tdb program that opens the file to write repairs it',
      {
        offset: recovery,
      },
    );
  }
}

/** The hash of a record's magic number, as bytes of the file's order. */
function magicHash(bigEndian: boolean): number {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, USED, !bigEndian);
  return hashKey(bytes, 0, 4);
}
