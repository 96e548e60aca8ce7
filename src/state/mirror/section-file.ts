/*
 * A flat file of byte sections, written once and never changed.
 *
 *   offset  size
 *        0     8  magic "mht-base"
 *        8     4  version, 1
 *       12     4  0x01020304: the byte order in which all numbers of the file are written, this machine's
 *       16     8  length of the file
 *       24     4  number of sections, n
 *       28     4  CRC-32 of the n * 16 bytes that follow
 *       32  n*16  for each section: length (8 bytes), CRC-32 (4 bytes), 0 (4 bytes)
 *
 * and then the sections in their order, each padded with zeros to a multiple of 8 bytes. Every section is checked when it is
 * read; the CRC-32 in the header stands for all of them.
 */
import { closeSync, fstatSync, fsync, openSync, readSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';

const MAGIC = Buffer.from('mht-base', 'latin1');
const VERSION = 1;
const BYTE_ORDER = 0x01020304;
const HEADER = 32;
const ENTRY = 16;
const ALIGNMENT = 8;
const MAX_SECTIONS = 1 << 16;
const PADDING = Buffer.alloc(ALIGNMENT);
/** What is read or summed at a time: far below what a system call takes. */
const BLOCK = 1 << 24;
/** What is summed and then written at a time: it is still in the processor's cache. */
const PIECE = 1 << 20;
/**
 * After so many bytes others have a turn, and before the first. Not more often: the disk is to have all of most bases before this thread
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

/**
 * Writes a new file and waits until it is on the disk, its name too.
 *
 * @throws the operating system's error; what was written of the file stays where it is
 */
export async function writeSections(
  path: string,
  sections: readonly Uint8Array[],
): Promise<SectionFileIdentity> {
  const directory = Buffer.alloc(sections.length * ENTRY);
  let bytes = HEADER + directory.length;
  let checksum: number;
  const file = openSync(path, 'wx', 0o600);
  try {
    let turnEnds = bytes;
    for (const [i, section] of sections.entries()) {
      if (bytes >= turnEnds) {
        await new Promise((resolve) => setImmediate(resolve));
        turnEnds = bytes + TURN;
      }
      directory.writeBigUInt64LE(BigInt(section.length), i * ENTRY);
      directory.writeUInt32LE(writeSummed(file, section, bytes), i * ENTRY + 8);
      writeWhole(file, PADDING.subarray(0, paddingOf(section.length)), bytes + section.length);
      bytes += section.length + paddingOf(section.length);
    }
    checksum = crc32(directory);
    writeWhole(file, Buffer.concat([headerOf(bytes, sections.length, checksum), directory]), 0);
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
  return { bytes, checksum };
}

/** Reads sections of a file, in any order, each checked. */
export class SectionReader {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #lengths: readonly number[];
  readonly #checksums: readonly number[];
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
      const count = directory.length / ENTRY;
      const at = Array.from({ length: count }, (_, i) => i * ENTRY);
      this.#lengths = at.map((start) => Number(directory.readBigUInt64LE(start)));
      this.#checksums = at.map((start) => directory.readUInt32LE(start + 8));
      let offset = HEADER + directory.length;
      this.#offsets = this.#lengths.map((length) => {
        const start = offset;
        offset += length + paddingOf(length);
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
    const length = this.length(section);
    this.#readAt(this.#offsets[section], target.subarray(0, length));
    if (checksumOf(target.subarray(0, length)) !== this.#checksums[section]) {
      throw this.#damaged(`section ${section} is damaged`);
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #readDirectory({ bytes, checksum }: SectionFileIdentity): Buffer {
    const { size } = fstatSync(this.#descriptor);
    if (size !== bytes) throw this.#damaged(`${size} bytes long instead of ${bytes}`);
    const header = Buffer.alloc(HEADER);
    this.#readAt(0, header);
    const count = header.readUInt32LE(24);
    if (count > MAX_SECTIONS || !header.equals(headerOf(bytes, count, checksum))) {
      throw this.#damaged('another header than was written');
    }
    const directory = Buffer.alloc(count * ENTRY);
    this.#readAt(HEADER, directory);
    if (crc32(directory) !== checksum) throw this.#damaged('the list of sections is damaged');
    return directory;
  }

  #readAt(offset: number, target: Uint8Array): void {
    for (let done = 0; done < target.length; ) {
      const count = readSync(
        this.#descriptor,
        target,
        done,
        Math.min(BLOCK, target.length - done),
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

function checksumOf(bytes: Uint8Array): number {
  let checksum = 0;
  for (let at = 0; at < bytes.length; at += BLOCK) checksum = crc32(bytes.subarray(at, at + BLOCK), checksum);
  return checksum;
}

function paddingOf(length: number): number {
  return (ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT;
}

/** @returns the checksum of what it writes */
function writeSummed(descriptor: number, bytes: Uint8Array, position: number): number {
  let checksum = 0;
  for (let at = 0; at < bytes.length; at += PIECE) {
    const piece = bytes.subarray(at, at + PIECE);
    checksum = crc32(piece, checksum);
    writeWhole(descriptor, piece, position + at);
  }
  return checksum;
}

function writeWhole(descriptor: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length; )
    at += writeSync(descriptor, bytes, at, bytes.length - at, position + at);
}
