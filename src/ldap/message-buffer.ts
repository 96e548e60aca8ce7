import { MalformedError, TAG } from './ber.ts';
import { LinearMemory } from './linear-memory.ts';
import { type Loops, loopsIn } from './loops.ts';

/** More than any entry: a length above it is a sign that this is no LDAP. */
const MAX_MESSAGE = 256 * 1024 * 1024;
/** The longest length of an LDAP message: one byte and four more. */
const MAX_LENGTH_OCTETS = 4;
const FIRST_SIZE = 1024 * 1024;
/** What there is room for at least, when more is to be read. */
const ROOM = 64 * 1024;
/** Room to grow in place; memory that is not touched costs nothing. */
const USUAL_ROOM = 16 * FIRST_SIZE;

/**
 * What a connection has delivered and nobody has worked on yet, in one piece, so that every message lies whole in it:
 * `bytes[start, end)`. Up to `scanned` there are whole messages that have been looked at. Whoever has worked on some moves `start`
 * behind them; their bytes are good until the next `append`.
 */
export class MessageBuffer {
  bytes: Buffer;
  start = 0;
  scanned = 0;
  end = 0;
  readonly #memory: LinearMemory;
  readonly #loops: Loops;
  #room: Buffer;

  /** @param memory where entries are taken apart in place */
  constructor(memory = new LinearMemory()) {
    this.#memory = memory;
    this.#loops = loopsIn(memory);
    this.#room = memory.bytes(USUAL_ROOM);
    this.bytes = this.#room.subarray(0, FIRST_SIZE);
  }

  /** Where the next bytes go: `append` has no need to copy a chunk that is at the beginning of this. Good until the next `append`. */
  room(): Uint8Array {
    this.#reserve(ROOM);
    return this.bytes.subarray(this.end);
  }

  append(chunk: Uint8Array): void {
    const { bytes, end } = this;
    const isHere = chunk.buffer === bytes.buffer && chunk.byteOffset === bytes.byteOffset + end;
    if (!isHere) {
      this.#reserve(chunk.length);
      this.bytes.set(chunk, this.end);
    }
    this.end += chunk.length;
  }

  /** Moves `scanned` over the whole entries that come next and answer the search with this id. @returns how many there are */
  scanEntries(id: number): number {
    this.scanned = this.#loops.passEntries(this.bytes.byteOffset, this.scanned, this.end, id);
    return this.#loops.entriesPassed();
  }

  /**
   * Where the message that starts at `at` ends, or undefined when it isn't whole yet.
   *
   * @throws MalformedError for what can't be the beginning of a message
   */
  messageEnd(at: number): number | undefined {
    const { bytes, end } = this;
    if (at >= end) return undefined;
    if (bytes[at] !== TAG.sequence) throw new MalformedError('the server does not speak LDAP');
    if (at + 2 > end) return undefined;
    let length = bytes[at + 1];
    let contents = at + 2;
    if (length >= 0x80) {
      const octets = length - 0x80;
      if (octets === 0 || octets > MAX_LENGTH_OCTETS)
        throw new MalformedError('a message of unusable length');
      if (contents + octets > end) return undefined;
      length = 0;
      for (let i = 0; i < octets; i++) length = length * 256 + bytes[contents + i];
      contents += octets;
    }
    if (length > MAX_MESSAGE) throw new MalformedError(`a message of ${length} bytes`);
    return contents + length <= end ? contents + length : undefined;
  }

  #reserve(length: number): void {
    if (this.start === this.end) {
      this.start = 0;
      this.scanned = 0;
      this.end = 0;
    }
    if (this.end + length > this.bytes.length) this.#makeRoom(length);
  }

  #makeRoom(length: number): void {
    const { bytes, start, end } = this;
    const needed = end - start + length;
    // Moving little is cheap, and a buffer that is nearly full would be moved again and again.
    if (needed > bytes.length / 2) {
      const size = Math.max(needed, bytes.length * 2);
      if (size > this.#room.length) this.#room = this.#memory.bytes(size);
      this.bytes = this.#room.subarray(0, size);
    }
    this.bytes.set(bytes.subarray(start, end), 0);
    this.start = 0;
    this.scanned -= start;
    this.end -= start;
  }
}
