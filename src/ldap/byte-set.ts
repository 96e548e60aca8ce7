/** A set of byte strings that is asked with ranges of a buffer. */
export class ByteSet {
  readonly #members = new Map<number, Buffer[]>();

  constructor(members: Iterable<string>) {
    for (const text of members) {
      const member = Buffer.from(text);
      const hash = hashOf(member, 0, member.length);
      const others = this.#members.get(hash);
      if (others === undefined) this.#members.set(hash, [member]);
      else others.push(member);
    }
  }

  has(bytes: Uint8Array, start: number, end: number): boolean {
    const candidates = this.#members.get(hashOf(bytes, start, end));
    return candidates?.some((member) => isSame(member, bytes, start, end)) === true;
  }
}

/** FNV-1a. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return hash;
}

function isSame(member: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (member.length !== end - start) return false;
  for (let i = 0; i < member.length; i++) if (member[i] !== bytes[start + i]) return false;
  return true;
}
