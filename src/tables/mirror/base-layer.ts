import type { Base } from '../../state/mirror/base.ts';
import type { Objects, Stream } from '../../state/mirror/columns.ts';
import { entryHead } from '../../state/mirror/contributions.ts';
import type { SparseStream } from '../../state/mirror/sparse-stream.ts';
import type { Claim, Known, Layer } from './layer.ts';
import { claimsIn } from './stream.ts';

/** A base file. Read where and when it is asked for; the methods throw DamagedFileError. */
export class BaseLayer implements Layer {
  readonly base: Base;
  /** What was looked up in streams that are not read whole: a run asks for it more than once. */
  readonly #claims: readonly Map<string, readonly Claim[]>[];
  /** Where keys are in streams, as far as that is known: of keys of the objects that changed, most change. */
  readonly #entries: readonly Map<string, number>[];

  constructor(base: Base) {
    this.base = base;
    this.#claims = Array.from({ length: base.streamCount }, () => new Map());
    this.#entries = Array.from({ length: base.streamCount }, () => new Map());
  }

  get count(): number {
    return this.base.objectCount;
  }

  get ids(): Uint8Array {
    return this.base.ids;
  }

  get objects(): Objects {
    return this.base.objects;
  }

  find(id: Uint8Array): number {
    return this.base.find(id);
  }

  id(object: number): Uint8Array {
    return this.base.id(object);
  }

  dn(object: number): Uint8Array {
    return this.base.dn(object);
  }

  claims(number: number, key: Uint8Array): readonly Claim[] {
    const whole = this.base.loaded(number);
    if (whole !== undefined) return claimsIn(whole, key);
    const name = latin1(key);
    const known = this.#claims[number].get(name);
    if (known !== undefined) return known;
    const stream = this.base.sparse(number);
    const entry = this.#entries[number].get(name);
    let first = entry ?? firstFrom(stream, key);
    while (entry !== undefined && first > 0 && stream.compareKey(first - 1, key) === 0) first--;
    const claims: Claim[] = [];
    for (let i = first; i < stream.count && stream.compareKey(i, key) === 0; i++)
      claims.push({ object: stream.object(i), value: stream.value(i) });
    this.#claims[number].set(name, claims);
    return claims;
  }

  known(object: number): Known {
    const { base } = this;
    const parts: Uint8Array[] = [];
    for (let number = 0; number < base.streamCount; number++) {
      const stream = base.sparse(number);
      for (const entry of base.entriesOf(number, object)) {
        const key = stream.key(entry);
        const value = stream.value(entry);
        this.#entries[number].set(latin1(key), entry);
        parts.push(entryHead(number, key.length, value.length), key, value);
      }
    }
    return { dn: base.dn(object), contributions: Buffer.concat(parts) };
  }

  stream(number: number): Stream {
    return this.base.stream(number);
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** The number of the first entry whose key does not come before a key. */
function firstFrom(stream: SparseStream, key: Uint8Array): number {
  let low = 0;
  let high = stream.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (stream.compareKey(middle, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
