import type { Pairs } from '../../dbm/pairs.ts';

/**
 * What the objects of a directory give to one table source: entries, each with the number of its object. In a mirror they lie
 * in the order of their keys, then of their objects' ids, then of their values, all by bytes.
 */
export interface Stream extends Pairs {
  readonly object: Uint32Array;
  /** The places of the entries that have the key of the one before; undefined where that is not known. */
  readonly repeated?: Uint32Array | undefined;
}

/** The entries of a stream by their objects. */
export interface ByObject {
  /** For each object where its entries begin in `entries`, and behind the last where they end. */
  readonly starts: Uint32Array;
  /** Their numbers: those of one object in the order of the stream. */
  readonly entries: Uint32Array;
}

/** The objects of a directory by their numbers: 16 bytes of id each, and DNs over one pool. */
export interface Objects {
  readonly count: number;
  readonly ids: Uint8Array;
  readonly dns: Uint8Array;
  readonly dnStart: Uint32Array;
  readonly dnEnd: Uint32Array;
  /** Where the ids are found by their hashes, as `slotsOf` gives it; undefined where nobody has needed that yet. */
  readonly slots?: Uint32Array | undefined;
}

export const ID_BYTES = 16;
