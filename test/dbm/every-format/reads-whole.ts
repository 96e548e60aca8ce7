import { expect } from 'vitest';
import { type FormatName, openTable } from '../../../src/dbm/index.ts';
import { type Entry, hexLines, pairsOf } from '../support.ts';

/** As many of the first entries, and of the last ones, are looked up one by one. */
const LOOKUPS = 300;

/** Fails the test unless everything that our reader does with a file gives `entries`. */
export function readsWhole(
  path: string,
  format: FormatName,
  entries: readonly Entry[],
  terminated?: boolean,
): void {
  const pairs = pairsOf(entries);
  const file = openTable(path, { terminated });
  try {
    expect(file.format).toBe(format);
    file.verify();
    file.readBack(pairs);
    expect(hexLines(file.pairs())).toEqual(hexLines(pairs));
    expect(file.statistics().entries).toBe(entries.length);
    const lookedUp = [...entries.slice(0, LOOKUPS), ...entries.slice(LOOKUPS).slice(-LOOKUPS)];
    const wrong = lookedUp.filter(([key, value]) => {
      const found = file.get(Buffer.from(key));
      return found === undefined || Buffer.compare(found, Buffer.from(value)) !== 0;
    });
    expect(wrong).toEqual([]);
    expect(file.get(Buffer.from('nobody@example.ac.uk'))).toBeUndefined();
  } finally {
    file.close();
  }
}
