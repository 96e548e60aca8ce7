import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntriesBuilder, TableTooLargeError } from '../../../src/tables/columns/entries.ts';
import { bytes, entriesOf, pairsOf } from '../pairs.ts';

describe('EntriesBuilder', () => {
  it('holds what was added, in order, however often it had to grow', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\0', '\xff'), maxLength: 6 });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { maxLength: 60 }), fc.nat(3), (entries, expected) => {
        const builder = new EntriesBuilder(expected, expected);
        for (const [key, value] of entries) {
          const all = bytes(`<${key}=${value}>`);
          const middle = 1 + key.length;
          builder.add(all, 1, middle, all, middle + 1, all.length - 1);
          all.fill(0);
        }
        expect(builder.count).toBe(entries.length);
        const pairs = builder.finish();
        expect(pairs.count).toBe(entries.length);
        expect(entriesOf(pairs)).toEqual(entries);
      }),
    );
  });

  it('grows beyond what it was made for', () => {
    const entries = Array.from({ length: 5000 }, (_, i) => [`key${i}`, `value${i}`] as const);
    expect(entriesOf(pairsOf(entries))).toEqual(entries);
  });

  it('stores a value once when entries that follow each other share it', () => {
    const builder = new EntriesBuilder(4, 64);
    for (const key of ['a', 'b', 'c']) builder.add(bytes(key), 0, 1, bytes('the primary address'), 0, 19);
    const { valueStart, valueEnd } = builder.finish();
    expect([...valueStart.subarray(1, 3)]).toEqual([valueStart[0], valueStart[0]]);
    expect([...valueEnd.subarray(1, 3)]).toEqual([valueEnd[0], valueEnd[0]]);
  });

  it('takes batches of entries whose places count on, however often it has to grow', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\0', '\xff'), maxLength: 6 });
    const batch = fc.array(fc.tuple(text, text), { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(batch, { maxLength: 8 }), fc.nat(3), (batches, expected) => {
        const builder = new EntriesBuilder(expected, expected);
        let used = 0;
        for (const entries of batches) {
          const pairs = pairsOf(entries);
          const shifted = (column: Uint32Array) => column.subarray(0, pairs.count).map((at) => at + used);
          builder.addAll({
            ...pairs,
            keyStart: shifted(pairs.keyStart),
            keyEnd: shifted(pairs.keyEnd),
            valueStart: shifted(pairs.valueStart),
            valueEnd: shifted(pairs.valueEnd),
          });
          used += pairs.pool.length;
        }
        expect(builder.count).toBe(batches.flat().length);
        expect(entriesOf(builder.finish())).toEqual(batches.flat());
      }),
    );
  });

  it('says so when a table is too large, rather than wrap around', () => {
    const builder = new EntriesBuilder(4, 0);
    const huge = { length: 2 ** 32 } as Uint8Array;
    expect(() => builder.add(huge, 0, 2 ** 32, huge, 0, 0)).toThrow(TableTooLargeError);
  });
});
