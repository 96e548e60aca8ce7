import { viewOf } from '../bytes.ts';
import { DbmError } from '../error.ts';
import { hashKey } from './hash.ts';
import {
  CHARKEY,
  FILE_ID_SIZE,
  log2Ceil,
  MAGIC,
  META,
  META_SIZE,
  NOT_LOGGED,
  OLDEST_VERSION,
  OTHER_MAGIC,
  PAGE,
  PAGE_HASH_META,
  SPARES,
  VERSION,
} from './layout.ts';

/** What page 0 says of the file. */
export interface Meta {
  readonly bigEndian: boolean;
  readonly version: number;
  readonly pageSize: number;
  readonly freeList: number;
  readonly lastPage: number;
  readonly maxBucket: number;
  readonly highMask: number;
  readonly lowMask: number;
  readonly elements: number;
  readonly spares: Uint32Array;
}

const CHARKEY_HASH = hashKey(CHARKEY, 0, CHARKEY.length, false);
/** None; several values for a key are allowed; and they are sorted. */
const FLAGS: ReadonlySet<number> = new Set([0, 1, 5]);
const SMALLEST_PAGE = 512;
const LARGEST_PAGE = 65536;

/** Writes the meta page of a file with a power of two of buckets, on pages 1, 2, 3, …, into zeroed bytes. */
export function writeMeta(
  view: DataView,
  at: number,
  file: { pageSize: number; buckets: number; lastPage: number; entries: number; fileId: Uint8Array },
): void {
  const put = (offset: number, value: number) => view.setUint32(at + offset, value, true);
  put(PAGE.lsn, NOT_LOGGED);
  put(META.magic, MAGIC);
  put(META.version, VERSION);
  put(META.pageSize, file.pageSize);
  view.setUint8(at + META.type, PAGE_HASH_META);
  put(META.lastPage, file.lastPage);
  put(META.keyCount, file.entries);
  put(META.recordCount, file.entries);
  for (let i = 0; i < FILE_ID_SIZE; i++) view.setUint8(at + META.fileId + i, file.fileId[i]);
  put(META.maxBucket, file.buckets - 1);
  put(META.highMask, file.buckets - 1);
  put(META.lowMask, file.buckets / 2 - 1);
  put(META.elements, file.entries);
  put(META.charKey, CHARKEY_HASH);
  for (let i = 0; i <= log2Ceil(file.buckets); i++) put(META.spares + 4 * i, 1);
}

/** True when a file with these first bytes is for us to open, or to refuse with a reason. */
export function isBerkeleyDb(head: Uint8Array): boolean {
  if (head.length < META.magic + 4) return false;
  const view = viewOf(head);
  return [true, false].some((little) => {
    const magic = view.getUint32(META.magic, little);
    return magic === MAGIC || OTHER_MAGIC.has(magic);
  });
}

/** @throws DbmError when `head`, the file's first `META_SIZE` bytes, is no meta page that we can read */
export function readMeta(path: string, head: Uint8Array): Meta {
  if (head.length < META_SIZE) throw new DbmError(path, 'too short for a Berkeley DB file');
  const view = viewOf(head);
  const littleMagic = view.getUint32(META.magic, true);
  const bigMagic = view.getUint32(META.magic);
  const other = OTHER_MAGIC.get(littleMagic) ?? OTHER_MAGIC.get(bigMagic);
  if (other !== undefined)
    throw new DbmError(path, `a Berkeley DB ${other} file; only hash files can be read`);
  if (littleMagic !== MAGIC && bigMagic !== MAGIC) {
    throw new DbmError(path, 'not a Berkeley DB file: the magic number is wrong', { offset: META.magic });
  }
  const bigEndian = littleMagic !== MAGIC;
  const get = (offset: number) => view.getUint32(offset, !bigEndian);
  const check = (good: boolean, offset: number, message: string) => {
    if (!good) throw new DbmError(path, `meta page: ${message}`, { offset });
  };

  const version = get(META.version);
  check(version >= OLDEST_VERSION && version <= VERSION, META.version, `hash version ${version}, not 8 or 9`);
  check(get(META.page) === 0, META.page, `calls itself page ${get(META.page)}`);
  check(
    view.getUint8(META.type) === PAGE_HASH_META,
    META.type,
    `page type ${view.getUint8(META.type)}, not 8`,
  );
  const pageSize = get(META.pageSize);
  const validSize =
    pageSize >= SMALLEST_PAGE && pageSize <= LARGEST_PAGE && (pageSize & (pageSize - 1)) === 0;
  check(validSize, META.pageSize, `page size ${pageSize}`);
  check(view.getUint8(META.encryption) === 0, META.encryption, 'the file is encrypted');
  check(view.getUint8(META.metaFlags) === 0, META.metaFlags, 'checksums and partitions are not supported');
  check(get(META.partitions) === 0, META.partitions, 'the file is partitioned');
  check(FLAGS.has(get(META.flags)), META.flags, `flags ${get(META.flags)}`);
  check(get(META.charKey) === CHARKEY_HASH, META.charKey, 'made with another hash function');

  const lastPage = get(META.lastPage);
  const maxBucket = get(META.maxBucket);
  check(maxBucket < lastPage, META.maxBucket, `${maxBucket + 1} buckets on ${lastPage + 1} pages`);
  const power = 2 ** log2Ceil(maxBucket + 1);
  check(
    get(META.highMask) === power - 1,
    META.highMask,
    `high mask ${get(META.highMask)}, should be ${power - 1}`,
  );
  const lowMask = ((power >>> 1) - 1) >>> 0;
  check(get(META.lowMask) === lowMask, META.lowMask, `low mask ${get(META.lowMask)}, should be ${lowMask}`);

  const spares = new Uint32Array(SPARES);
  for (let i = 0; i < SPARES; i++) {
    spares[i] = get(META.spares + 4 * i);
    const lastOfDoubling = 2 ** i - 1 + spares[i];
    const valid = spares[i] === 0 ? i > log2Ceil(maxBucket + 1) : lastOfDoubling <= lastPage;
    check(valid, META.spares + 4 * i, `spares[${i}] is ${spares[i]}`);
  }
  return {
    bigEndian,
    version,
    pageSize,
    freeList: get(META.freeList),
    lastPage,
    maxBucket,
    highMask: power - 1,
    lowMask,
    elements: get(META.elements),
    spares,
  };
}

/** The bucket of a hash. */
export function bucketOf(meta: Meta, hash: number): number {
  const bucket = (hash & meta.highMask) >>> 0;
  return bucket > meta.maxBucket ? (bucket & meta.lowMask) >>> 0 : bucket;
}

/** The first page of a bucket. */
export function bucketPage(meta: Meta, bucket: number): number {
  return bucket + meta.spares[log2Ceil(bucket + 1)];
}
