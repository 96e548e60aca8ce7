import { BerCursor, MalformedError, TAG } from './ber.ts';

/** Where the parts of an LDAPMessage lie (RFC 4511, 4.1.1). One instance reads many messages: none is made for an entry. */
export class MessageHeader {
  bytes: Uint8Array = new Uint8Array(0);
  id = 0;
  /** Which operation it is. */
  tag = 0;
  /** The operation's contents. */
  start = 0;
  end = 0;
  /** Where the message ends; between `end` and this are its controls. */
  messageEnd = 0;

  /** @throws MalformedError */
  read(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.messageEnd = end;
    let at = start + 1;
    at += bytes[at] < 0x80 ? 1 : 1 + bytes[at] - 0x80;
    const idLength = bytes[at + 1];
    if (bytes[at] !== TAG.integer || idLength < 1 || idLength > 4 || at + 2 + idLength + 2 > end) {
      throw new MalformedError('a message without an id');
    }
    at += 2;
    this.id = 0;
    for (const idEnd = at + idLength; at < idEnd; at++) this.id = this.id * 256 + bytes[at];
    this.tag = bytes[at++];
    let length = bytes[at++];
    if (length >= 0x80) {
      const octets = length - 0x80;
      if (octets === 0 || octets > 4 || at + octets > end) throw new MalformedError('unusable length');
      length = 0;
      for (const lengthEnd = at + octets; at < lengthEnd; at++) length = length * 256 + bytes[at];
    }
    if (length > end - at) throw new MalformedError('an operation longer than its message');
    this.start = at;
    this.end = at + length;
  }

  operation(): BerCursor {
    return new BerCursor(this.bytes, this.start, this.end);
  }

  afterOperation(): BerCursor {
    return new BerCursor(this.bytes, this.end, this.messageEnd);
  }
}
