import type { Stream } from './columns.ts';

/** The entries of a stream by their objects. */
export interface ByObject {
  /** For each object where its entries begin in `entries`, and behind the last where they end. */
  readonly starts: Uint32Array;
  /** Their numbers: those of one object in the order of the stream. */
  readonly entries: Uint32Array;
}

const NONE = new Uint32Array(0);

/** @returns nothing for a stream that has few entries: going through them is as quick */
export function byObject({ count, object }: Stream, objects: number): ByObject {
  if (count < objects / 8) return { starts: NONE, entries: NONE };
  const starts = new Uint32Array(objects + 1);
  for (let i = 0; i < count; i++) starts[object[i]]++;
  let end = 0;
  for (let i = 0; i <= objects; i++) {
    end += starts[i];
    starts[i] = end;
  }
  const entries = new Uint32Array(count);
  for (let i = count - 1; i >= 0; i--) entries[--starts[object[i]]] = i;
  return { starts, entries };
}
