import { viewOf } from '../bytes.ts';
import { DbmError } from '../error.ts';
import type { Input } from '../input.ts';
import {
  AVAIL,
  AVAIL_ELEMENT,
  BUCKET,
  bucketElements,
  COUNTING_MAGIC,
  ELEMENT_SIZE,
  EXTENSION_SIZE,
  HASH_BITS,
  HEADER,
  HEADER_SIZE,
  MAGIC,
  OLD_MAGIC,
  OTHER_MAGIC,
  smallestDirectoryBits,
} from './layout.ts';

/** What the first block says of the file. */
export interface Header {
  readonly blockSize: number;
  readonly directory: number;
  readonly directoryBits: number;
  readonly bucketSize: number;
  /** Where elements of a bucket begin to be counted from 0 again. */
  readonly bucketElements: number;
  readonly nextBlock: number;
  /** Where the table of free space is. */
  readonly avail: number;
}

/** The first block of a file whose directory comes next and that has no free space in it. */
export function headerBlock(
  blockSize: number,
  directorySize: number,
  directoryBits: number,
  nextBlock: number,
): Uint8Array {
  const bytes = new Uint8Array(blockSize);
  const view = viewOf(bytes);
  view.setUint32(HEADER.magic, MAGIC, true);
  view.setInt32(HEADER.blockSize, blockSize, true);
  putAddress(view, HEADER.directory, blockSize);
  view.setInt32(HEADER.directorySize, directorySize, true);
  view.setInt32(HEADER.directoryBits, directoryBits, true);
  view.setInt32(HEADER.bucketSize, blockSize, true);
  view.setInt32(HEADER.bucketElements, bucketElements(blockSize), true);
  putAddress(view, HEADER.nextBlock, nextBlock);
  view.setInt32(HEADER_SIZE + AVAIL.size, availElements(blockSize, HEADER_SIZE), true);
  return bytes;
}

/** True when a file with these first bytes is for us to open, or to refuse with a reason. */
export function isGdbm(head: Uint8Array): boolean {
  if (head.length < 4) return false;
  const magic = viewOf(head).getUint32(0, true);
  return isKnown(magic) || OTHER_MAGIC.has(magic);
}

/** @throws DbmError when the file is of another kind, or what its header says can't be */
export function readHeader(input: Input): Header {
  const head = input.bytes(0, HEADER_SIZE);
  if (head.length < HEADER_SIZE) throw new DbmError(input.path, 'too short for a gdbm file');
  const view = viewOf(head);
  const magic = view.getUint32(HEADER.magic, true);
  const other = OTHER_MAGIC.get(magic);
  if (other !== undefined) throw new DbmError(input.path, `a gdbm file ${other}, which can't be read here`);
  if (!isKnown(magic)) throw input.fault(HEADER.magic, 'not a gdbm file: the magic number is wrong');
  const check = (good: boolean, offset: number, message: string) => {
    if (!good) throw input.fault(offset, `header: ${message}`);
  };

  const blockSize = view.getInt32(HEADER.blockSize, true);
  const avail = HEADER_SIZE + (magic === COUNTING_MAGIC ? EXTENSION_SIZE : 0);
  check(blockSize >= avail + AVAIL.elements + 2 * AVAIL_ELEMENT, HEADER.blockSize, `block size ${blockSize}`);
  const nextBlock = getAddress(view, HEADER.nextBlock);
  check(nextBlock >= input.size, HEADER.nextBlock, `the file goes on behind its end, byte ${nextBlock}`);
  const directory = getAddress(view, HEADER.directory);
  const directorySize = view.getInt32(HEADER.directorySize, true);
  const directoryBits = view.getInt32(HEADER.directoryBits, true);
  const possible = directoryBits >= smallestDirectoryBits(blockSize) && directoryBits < HASH_BITS - 3;
  check(possible, HEADER.directoryBits, `${directoryBits} directory bits`);
  check(
    directorySize === 8 * 2 ** directoryBits,
    HEADER.directorySize,
    `directory of ${directorySize} bytes`,
  );
  const inside = directory >= blockSize && directory + directorySize < input.size;
  check(inside, HEADER.directory, `directory at byte ${directory} of ${input.size}`);
  const bucketSize = view.getInt32(HEADER.bucketSize, true);
  const elements = view.getInt32(HEADER.bucketElements, true);
  const holdsOne = bucketSize > BUCKET.elements + ELEMENT_SIZE && bucketSize < input.size;
  check(holdsOne, HEADER.bucketSize, `bucket size ${bucketSize}`);
  check(elements === bucketElements(bucketSize), HEADER.bucketElements, `${elements} elements a bucket`);
  return { blockSize, directory, directoryBits, bucketSize, bucketElements: elements, nextBlock, avail };
}

/** How many elements the table of free space in the first block has. */
export function availElements(blockSize: number, avail: number): number {
  return Math.floor((blockSize - avail - AVAIL.elements) / AVAIL_ELEMENT);
}

export function putAddress(view: DataView, at: number, address: number): void {
  view.setUint32(at, address, true);
  view.setUint32(at + 4, address / 2 ** 32, true);
}

/** An address, or -1 for one that no file reaches. */
export function getAddress(view: DataView, at: number): number {
  const high = view.getUint32(at + 4, true);
  return high < 2 ** 21 ? high * 2 ** 32 + view.getUint32(at, true) : -1;
}

function isKnown(magic: number): boolean {
  return magic === MAGIC || magic === OLD_MAGIC || magic === COUNTING_MAGIC;
}
