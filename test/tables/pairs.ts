import type { Pairs } from '../../src/dbm/pairs.ts';
import { EntriesBuilder } from '../../src/tables/columns/entries.ts';

/** A key and a value, as the tests write them down: text is Latin-1, one character a byte. */
export type Entry = readonly [key: string, value: string];

export function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

export function pairsOf(entries: Iterable<Entry>): Pairs {
  const builder = new EntriesBuilder(0, 0);
  for (const [key, value] of entries) {
    builder.add(bytes(key), 0, key.length, bytes(value), 0, value.length);
  }
  return builder.finish();
}

export function entriesOf(pairs: Pairs): Entry[] {
  const text = (start: number, end: number) =>
    Buffer.from(pairs.pool.subarray(start, end)).toString('latin1');
  return Array.from({ length: pairs.count }, (_, i) => [
    text(pairs.keyStart[i], pairs.keyEnd[i]),
    text(pairs.valueStart[i], pairs.valueEnd[i]),
  ]);
}

/** The order of bytes, for texts of one character a byte. */
export function compareLatin1(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The same entries, where values that are keys of the table too are not stored again, as a directory's are not. */
export function withSharedPlaces(pairs: Pairs): Pairs {
  const [valueStart, valueEnd] = [pairs.valueStart.slice(), pairs.valueEnd.slice()];
  const all = entriesOf(pairs);
  const numbers = new Map(all.map(([key], i) => [key, i]));
  for (const [i, [, value]] of all.entries()) {
    const number = numbers.get(value);
    if (number === undefined) continue;
    valueStart[i] = pairs.keyStart[number];
    valueEnd[i] = pairs.keyEnd[number];
  }
  return { ...pairs, valueStart, valueEnd };
}
