import type { Base } from '../../state/mirror/base.ts';
import type { SparseStream } from '../../state/mirror/sparse-stream.ts';

/** The number of an object that gives a key, and the value that it gives. */
export interface Claim {
  readonly object: number;
  readonly value: Uint8Array;
}

/** What was looked up in a base, and is asked for more than once in a run. Its methods throw DamagedFileError. */
export class BaseLookups {
  readonly #base: Base;
  readonly #claims: readonly Map<string, readonly Claim[]>[];

  constructor(base: Base) {
    this.#base = base;
    this.#claims = Array.from({ length: base.streamCount }, () => new Map());
  }

  /** Who gives a key to a stream that is not read whole, in the order of the stream. */
  claims(number: number, key: Uint8Array): readonly Claim[] {
    const name = latin1(key);
    let claims = this.#claims[number].get(name);
    if (claims === undefined) {
      claims = claimsIn(this.#base.sparse(number), key);
      this.#claims[number].set(name, claims);
    }
    return claims;
  }
}

function claimsIn(stream: SparseStream, key: Uint8Array): Claim[] {
  let low = 0;
  let high = stream.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (stream.compareKey(middle, key) < 0) low = middle + 1;
    else high = middle;
  }
  const claims: Claim[] = [];
  for (let i = low; i < stream.count && stream.compareKey(i, key) === 0; i++)
    claims.push({ object: stream.object(i), value: stream.value(i) });
  return claims;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
