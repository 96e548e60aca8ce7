import type { Addresses } from './addresses.ts';
import type { EntryColumns } from './entry-columns.ts';
import type { Loops } from './loops.ts';

/** Domains in lower case, of which addresses are asked whether they are in one of them. */
export class DomainSet {
  readonly #loops: Loops;
  /** Two numbers each; see `addDomain`. */
  readonly #slots: Int32Array;
  /** Their number less one. */
  readonly mask: number;

  constructor({ memory, loops }: EntryColumns, domains: readonly string[]) {
    const size = 2 ** Math.ceil(Math.log2(domains.length * 2 + 2));
    this.#loops = loops;
    this.#slots = memory.numbers(size * 2);
    this.mask = size - 1;
    const bytes = memory.bytes(Buffer.byteLength(domains.join('')));
    let at = 0;
    for (const domain of domains) {
      const length = bytes.write(domain, at);
      loops.addDomain(this.#slots.byteOffset, this.mask, bytes.byteOffset + at, length);
      at += length;
    }
  }

  /** For compiled loops. */
  get address(): number {
    return this.#slots.byteOffset;
  }

  /** The number of the first address from `from` on that is in another domain, or their count. What has no `@` is in all domains. */
  findElsewhere({ scratch, at, end, count }: Addresses, from: number): number {
    return this.#loops.findElsewhere(
      this.#slots.byteOffset,
      this.mask,
      scratch.bytes.byteOffset,
      at.byteOffset,
      end.byteOffset,
      from,
      count,
    );
  }
}
