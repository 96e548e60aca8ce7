import type { Base } from '../../state/mirror/base.ts';
import type { Objects, Stream } from '../../state/mirror/columns.ts';
import { encodeEntries } from '../../state/mirror/contributions.ts';
import type { SparseStream } from '../../state/mirror/sparse-stream.ts';
import type { Claim, Known, Layer } from './layer.ts';
import { claimsIn } from './stream.ts';

/** A base file. Read where and when it is asked for; the methods throw DamagedFileError. */
export class BaseLayer implements Layer {
  readonly base: Base;
  /** What was looked up in streams that are not read whole: a run asks for it more than once. */
  readonly #claims: readonly Map<string, readonly Claim[]>[];

  constructor(base: Base) {
    this.base = base;
    this.#claims = Array.from({ length: base.streamCount }, () => new Map());
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
    const name = Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
    let claims = this.#claims[number].get(name);
    if (claims === undefined) {
      claims = claimsInFile(this.base.sparse(number), key);
      this.#claims[number].set(name, claims);
    }
    return claims;
  }

  known(object: number): Known {
    const { base } = this;
    const parts = Array.from({ length: base.streamCount }, (_, number) => {
      const entries = base.entriesOf(number, object);
      if (entries.length === 0) return NOTHING;
      const picked = base.sparse(number).pick(entries);
      return encodeEntries(picked, number, [...entries.keys()]);
    });
    return { dn: base.dn(object), contributions: Buffer.concat(parts) };
  }

  stream(number: number): Stream {
    return this.base.stream(number);
  }
}

const NOTHING = Buffer.alloc(0);

function claimsInFile(stream: SparseStream, key: Uint8Array): Claim[] {
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
