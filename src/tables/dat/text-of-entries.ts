import type { Pairs } from '../../dbm/pairs.ts';
import { entryEnd } from './text-search.ts';
import { datBlocks } from './write.ts';

/** The canonical text of a few entries, one by one. */
export interface TextOfEntries {
  /** Of all of them. */
  readonly bytes: number;
  of(entry: number): Buffer;
}

/** @returns undefined where one of them has no line in a `.dat` */
export function textOfEntries(pairs: Pairs): TextOfEntries | undefined {
  const text = Buffer.concat(Array.from(datBlocks(pairs), (block) => Buffer.from(block)));
  const ends = new Float64Array(pairs.count + 1);
  for (let entry = 0; entry < pairs.count; entry++) ends[entry + 1] = entryEnd(text, ends[entry], true) ?? 0;
  if (ends[pairs.count] !== text.length) return undefined;
  return { bytes: text.length, of: (entry) => text.subarray(ends[entry], ends[entry + 1]) };
}
