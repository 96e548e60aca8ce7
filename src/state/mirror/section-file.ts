/*
 * A flat file of byte sections, written once and never changed.
 *
 *   offset  size
 *        0     8  magic "mht-base"
 *        8     4  version, 3
 *       12     4  0x01020304: the byte order in which all numbers of the file are written, this machine's
 *       16     8  length of the file
 *       24     4  number of sections, n
 *       28     4  CRC-32 of the lengths and checksums that follow
 *       32   n*8  for each section: its length
 *                 for each block of 4 KiB of each section, the last of each being shorter: CRC-32 (4 bytes)
 *
 * and then the sections in their order. The checksums and each section are padded with zeros to a multiple of 8 bytes. Every
 * block is checked when it is read; the CRC-32 in the header stands for all of them.
 */
import { closeSync, fstatSync, fsync, openSync, readSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { BLOCK, type BlockSums } from './block-sums.ts';

const MAGIC = Buffer.from('mht-base', 'latin1');
const VERSION = 3;
const BYTE_ORDER = 0x01020304;
const HEADER = 32;
const LENGTH = 8;
const CHECKSUM = 4;
const ALIGNMENT = 8;
const MAX_SECTIONS = 1 << 16;
const PADDING = Buffer.alloc(ALIGNMENT);
/** What is read at a time: far below what a system call takes. */
const MOST = 1 << 24;
/** What is summed and then written at a time: it is still in the processor's cache. */
const PIECE = 256 * BLOCK;
/**
 * After so many bytes others have a turn. Not more often: the disk is to have all of most bases before this thread
 * begins with anything else, since it takes its time.
 */
const TURN = 1 << 27;

/** A file of sections that is not what was written. */
export class DamagedFileError extends Error {
  override readonly name = 'DamagedFileError';

  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`${path}: ${problem}`, options);
  }
}

/** What tells a file of sections from any other, without reading it whole. */
export interface SectionFileIdentity {
  readonly bytes: number;
  /** CRC-32 over the lengths and checksums of the sections. */
  readonly checksum: number;
}

export interface Section {
  readonly bytes: Uint8Array;
  /** Those of its first blocks, where they were summed before. */
  readonly sums?: BlockSums | undefined;
}

/**
 * Writes a new file and waits until it is on the disk, its name too.
 *
 * @throws the operating system's error; what was written of the file stays where it is
 */
export async function writeSections(
  path: string,
  sections: readonly Section[],
): Promise<SectionFileIdentity> {
  const blocks = sections.reduce((sum, { bytes }) => sum + blocksOf(bytes.length), 0);
  const directory = Buffer.alloc(padded(sections.length * LENGTH + blocks * CHECKSUM));
  const checksums = new DataView(directory.buffer, directory.byteOffset, directory.length);
  let at = 0;
  for (const { bytes } of sections) at = directory.writeBigUInt64LE(BigInt(bytes.length), at);
  let end = HEADER + directory.length;
  let checksum: number;
  const file = openSync(path, 'wx', 0o600);
  try {
    let turnEnds = end + TURN;
    for (const { bytes, sums } of sections) {
      if (end >= turnEnds) {
        await new Promise((resolve) => setImmediate(resolve));
        turnEnds = end + TURN;
      }
      at = writeSummed(file, bytes, end, sums, checksums, at);
      const padding = padded(bytes.length) - bytes.length;
      writeWhole(file, PADDING.subarray(0, padding), end + bytes.length);
      end += bytes.length + padding;
    }
    checksum = crc32(directory);
    writeWhole(file, Buffer.concat([headerOf(end, sections.length, checksum), directory]), 0);
    await promisify(fsync)(file);
  } finally {
    closeSync(file);
  }
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  return { bytes: end, checksum };
}

/** Reads sections of a file, in any order, each checked. */
export class SectionReader {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #lengths: readonly number[];
  /** Those of all blocks, and where those of each section begin among them. */
  readonly #checksums: Buffer;
  readonly #firstChecksums: readonly number[];
  readonly #offsets: readonly number[];

  /** @throws DamagedFileError when it is not there, or not the file that `identity` tells of */
  constructor(path: string, identity: SectionFileIdentity) {
    this.#path = path;
    try {
      this.#descriptor = openSync(path, 'r');
    } catch (error) {
      throw new DamagedFileError(path, error instanceof Error ? error.message : String(error), {
        cause: error,
      });
    }
    try {
      const directory = this.#readDirectory(identity);
      this.#lengths = directory.lengths;
      this.#checksums = directory.bytes;
      let at = directory.lengths.length * LENGTH;
      this.#firstChecksums = this.#lengths.map((length) => {
        const first = at;
        at += blocksOf(length) * CHECKSUM;
        return first;
      });
      let offset = HEADER + directory.bytes.length;
      this.#offsets = this.#lengths.map((length) => {
        const start = offset;
        offset += padded(length);
        return start;
      });
      if (offset !== identity.bytes) throw this.#damaged('its sections do not make up the file');
    } catch (error) {
      closeSync(this.#descriptor);
      throw error;
    }
  }

  get count(): number {
    return this.#lengths.length;
  }

  /** @throws DamagedFileError */
  length(section: number): number {
    const length = this.#lengths[section];
    if (length === undefined) throw this.#damaged(`there is no section ${section}`);
    return length;
  }

  /** Reads a whole section to the beginning of `target`. @throws DamagedFileError */
  read(section: number, target: Uint8Array): void {
    const bytes = target.subarray(0, this.length(section));
    this.#readAt(this.#offsets[section], bytes);
    for (let block = 0, at = 0; at < bytes.length; block++, at += BLOCK)
      this.#check(section, block, bytes.subarray(at, at + BLOCK));
  }

  /** Reads a block of a section to `target` from `at` on. @throws DamagedFileError, for a block that is not there too */
  readBlock(section: number, block: number, target: Buffer, at: number): void {
    const start = block * BLOCK;
    const length = Math.min(BLOCK, this.length(section) - start);
    if (!(length > 0)) throw this.#damaged(`section ${section} has no block ${block}`);
    const bytes = target.subarray(at, at + length);
    this.#readAt(this.#offsets[section] + start, bytes);
    this.#check(section, block, bytes);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #readDirectory({ bytes, checksum }: SectionFileIdentity): { bytes: Buffer; lengths: number[] } {
    const { size } = fstatSync(this.#descriptor);
    if (size !== bytes) throw this.#damaged(`${size} bytes long instead of ${bytes}`);
    const header = Buffer.alloc(HEADER);
    this.#readAt(0, header);
    const count = header.readUInt32LE(24);
    if (count > MAX_SECTIONS || !header.equals(headerOf(bytes, count, checksum))) {
      throw this.#damaged('another header than was written');
    }
    const head = Buffer.alloc(count * LENGTH);
    this.#readAt(HEADER, head);
    const lengths = Array.from({ length: count }, (_, i) => Number(head.readBigUInt64LE(i * LENGTH)));
    // Numbers that are not what was written must not ask for more memory than there is.
    const all = lengths.reduce((sum, length) => sum + length, 0);
    const blocks = lengths.reduce((sum, length) => sum + blocksOf(length), 0);
    if (!(all <= bytes)) throw this.#damaged('the list of sections is damaged');
    const directory = Buffer.concat([head], padded(head.length + blocks * CHECKSUM));
    this.#readAt(HEADER + head.length, directory.subarray(head.length));
    if (crc32(directory) !== checksum) throw this.#damaged('the list of sections is damaged');
    return { bytes: directory, lengths };
  }

  #check(section: number, block: number, bytes: Uint8Array): void {
    const checksum = this.#checksums.readUInt32LE(this.#firstChecksums[section] + block * CHECKSUM);
    if (crc32(bytes) !== checksum) throw this.#damaged(`section ${section} is damaged`);
  }

  #readAt(offset: number, target: Uint8Array): void {
    for (let done = 0; done < target.length; ) {
      const count = readSync(
        this.#descriptor,
        target,
        done,
        Math.min(MOST, target.length - done),
        offset + done,
      );
      if (count === 0) throw this.#damaged('it ends too early');
      done += count;
    }
  }

  #damaged(problem: string): DamagedFileError {
    return new DamagedFileError(this.#path, problem);
  }
}

function headerOf(bytes: number, sections: number, checksum: number): Buffer {
  const header = Buffer.alloc(HEADER);
  MAGIC.copy(header);
  header.writeUInt32LE(VERSION, 8);
  new Uint32Array(header.buffer, header.byteOffset + 12, 1)[0] = BYTE_ORDER;
  header.writeBigUInt64LE(BigInt(bytes), 16);
  header.writeUInt32LE(sections, 24);
  header.writeUInt32LE(checksum, 28);
  return header;
}

function blocksOf(length: number): number {
  return Math.ceil(length / BLOCK);
}

function padded(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

/**
 * Writes the checksums of what it writes to `checksums` from `at` on, those that are known first.
 *
 * @returns where the next one goes
 */
function writeSummed(
  descriptor: number,
  bytes: Uint8Array,
  position: number,
  known: BlockSums | undefined,
  checksums: DataView,
  at: number,
): number {
  const summed = (known?.count ?? 0) * BLOCK;
  let end = at;
  const add = (sum: number): void => {
    checksums.setUint32(end, sum, true);
    end += CHECKSUM;
  };
  for (const sum of known?.sums ?? []) add(sum);
  for (let from = 0; from < bytes.length; from += PIECE) {
    const piece = bytes.subarray(from, from + PIECE);
    for (let start = Math.max(0, summed - from); start < piece.length; start += BLOCK)
      add(crc32(piece.subarray(start, start + BLOCK)));
    writeWhole(descriptor, piece, position + from);
  }
  return end;
}

function writeWhole(descriptor: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length; )
    at += writeSync(descriptor, bytes, at, bytes.length - at, position + at);
}
