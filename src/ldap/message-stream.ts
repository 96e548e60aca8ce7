import { MalformedError, TAG } from './ber.ts';

/** More than any entry: a length above it is a sign that this is no LDAP. */
const MAX_MESSAGE = 256 * 1024 * 1024;
const MAX_HEADER = 6;

/** Whole messages: message `i` is `bytes[starts[i], starts[i + 1])`. All of it is good during the call only. */
export type OnMessages = (bytes: Uint8Array, starts: Int32Array, count: number) => void;

/**
 * Cuts what a connection delivers into LDAP messages. They are handed on where they lie; only a message that comes in several
 * pieces is put together first.
 */
export class MessageStream {
  readonly #onMessages: OnMessages;
  #starts = new Int32Array(1024);
  /** The beginning of a message that isn't whole yet. */
  #partial = Buffer.allocUnsafe(64 * 1024);
  #partialLength = 0;

  constructor(onMessages: OnMessages) {
    this.#onMessages = onMessages;
  }

  /** Whether the connection ended, or will end, inside a message. */
  get isInsideMessage(): boolean {
    return this.#partialLength > 0;
  }

  /** @throws MalformedError, and what the receiver throws; the stream is of no use afterwards */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (this.#partialLength > 0) {
      if (at === chunk.length) return;
      at = this.#completePartial(chunk, at);
    }

    let count = 0;
    for (;;) {
      const size = messageSize(chunk, at, chunk.length);
      if (size === 0 || size > chunk.length - at) {
        if (count > 0) this.#deliver(chunk, count, at);
        if (at < chunk.length) this.#keep(chunk, at, chunk.length, size);
        return;
      }
      if (count + 1 === this.#starts.length) {
        const longer = new Int32Array(this.#starts.length * 2);
        longer.set(this.#starts);
        this.#starts = longer;
      }
      this.#starts[count++] = at;
      at += size;
    }
  }

  /** Takes what the partial message lacks from the chunk, hands it on when it is whole, and returns where it ended. */
  #completePartial(chunk: Uint8Array, at: number): number {
    const size = messageSize(this.#partial, 0, this.#partialLength);
    const lacking = size === 0 ? 1 : size - this.#partialLength;
    const end = Math.min(chunk.length, at + lacking);
    this.#keep(chunk, at, end, size);
    if (size > 0 && this.#partialLength === size) {
      this.#partialLength = 0;
      this.#starts[0] = 0;
      this.#deliver(this.#partial, 1, size);
    }
    return end;
  }

  #deliver(bytes: Uint8Array, count: number, end: number): void {
    this.#starts[count] = end;
    this.#onMessages(bytes, this.#starts, count);
  }

  #keep(chunk: Uint8Array, start: number, end: number, size: number): void {
    const length = this.#partialLength + end - start;
    if (Math.max(length, size) > this.#partial.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, size, this.#partial.length * 2));
      larger.set(this.#partial.subarray(0, this.#partialLength));
      this.#partial = larger;
    }
    this.#partial.set(chunk.subarray(start, end), this.#partialLength);
    this.#partialLength = length;
  }
}

/** The size of the message at `at` with its header, or 0 when its header isn't whole yet. */
function messageSize(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return 0;
  if (bytes[at] !== TAG.sequence) throw new MalformedError('the server does not speak LDAP');
  if (at + 2 > end) return 0;
  let length = bytes[at + 1];
  if (length < 0x80) return length + 2;
  const octets = length - 0x80;
  if (octets === 0 || octets > MAX_HEADER - 2) throw new MalformedError('a message of unusable length');
  if (at + 2 + octets > end) return 0;
  length = 0;
  for (let i = 0; i < octets; i++) length = length * 256 + bytes[at + 2 + i];
  if (length > MAX_MESSAGE) throw new MalformedError(`a message of ${length} bytes`);
  return length + 2 + octets;
}
