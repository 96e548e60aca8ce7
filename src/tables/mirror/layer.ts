import type { Objects, Stream } from '../../state/mirror/columns.ts';

/** The number of an object that gives a key, and the value that it gives. */
export interface Claim {
  readonly object: number;
  readonly value: Uint8Array;
}

/** A single object, and all that it gives, as `encodeContributions` has it. */
export interface Known {
  readonly dn: Uint8Array;
  readonly contributions: Uint8Array;
}

/** Some objects of a directory, in numbers of their own, and what they give. An object of a layer stands for the same one in those below. */
export interface Layer {
  readonly count: number;
  readonly ids: Uint8Array;
  readonly objects: Objects;
  /** The number of an object by its id, or -1. */
  find(id: Uint8Array): number;
  id(object: number): Uint8Array;
  dn(object: number): Uint8Array;
  /** Who gives a key to a stream, in the order of the stream. */
  claims(number: number, key: Uint8Array): readonly Claim[];
  known(object: number): Known;
  /** In the order of a mirror. */
  stream(number: number): Stream;
}
