/** Bytes that are no LDAP message, or end inside one. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError';
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  octetString: 0x04,
  enumerated: 0x0a,
  sequence: 0x30,
  set: 0x31,
} as const;

/**
 * Reads BER as LDAP restricts it (RFC 4511, 5.1): definite lengths, primitive strings. Every element must end inside the one
 * around it. Nothing is copied.
 *
 * @throws MalformedError from every method
 */
export class BerCursor {
  readonly bytes: Uint8Array;
  at: number;
  end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  /** The tag of the next element, or undefined at the end. */
  get tag(): number | undefined {
    return this.at < this.end ? this.bytes[this.at] : undefined;
  }

  /** Steps over the next element and returns a cursor on its contents. */
  take(tag: number): BerCursor {
    const { bytes } = this;
    if (this.at + 2 > this.end || bytes[this.at] !== tag) {
      throw new MalformedError(`expected an element with tag 0x${tag.toString(16)}`);
    }
    let start = this.at + 2;
    let length = bytes[this.at + 1];
    if (length >= 0x80) {
      const octets = length - 0x80;
      if (octets === 0 || octets > 4 || start + octets > this.end)
        throw new MalformedError('unusable length');
      length = 0;
      for (let i = 0; i < octets; i++) length = length * 256 + bytes[start + i];
      start += octets;
    }
    if (length > this.end - start) throw new MalformedError('element longer than the one around it');
    this.at = start + length;
    return new BerCursor(bytes, start, this.at);
  }

  /** A signed integer of at most 4 bytes. */
  takeInteger(tag: number = TAG.integer): number {
    const { bytes, at, end } = this.take(tag);
    if (end === at || end - at > 4) throw new MalformedError('unusable integer');
    let value = bytes[at] >= 0x80 ? -1 : 0;
    for (let i = at; i < end; i++) value = value * 256 + bytes[i];
    return value;
  }

  /** A copy. */
  takeBytes(tag: number = TAG.octetString): Buffer {
    const { bytes, at, end } = this.take(tag);
    return Buffer.from(bytes.subarray(at, end));
  }

  takeText(tag: number = TAG.octetString): string {
    return this.takeBytes(tag).toString('utf8');
  }
}
