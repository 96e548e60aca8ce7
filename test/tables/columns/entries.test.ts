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

  it('takes keys that lie side by side as it takes them one by one', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\0', '\xff'), maxLength: 6 });
    const group = fc.record({
      keys: fc.array(text, { minLength: 1, maxLength: 5 }),
      value: fc.oneof(text, fc.nat(4)),
      skipped: fc.nat(4),
    });
    fc.assert(
      fc.property(fc.array(group, { maxLength: 20 }), fc.nat(3), (groups, expected) => {
        const builder = new EntriesBuilder(expected, expected);
        const entries: [string, string][] = [];
        for (const { keys, value, skipped } of groups) {
          const from = Math.min(skipped, keys.length - 1);
          const all = bytes(`<${keys.join('')}=${value}>`);
          const end = keys.map((_, i) => 1 + keys.slice(0, i + 1).join('').length);
          const start = keys.map((key, i) => (end[i] ?? 0) - key.length);
          const chosen = typeof value === 'number' ? Math.min(keys.length - 1, value) : undefined;
          const [valueStart = 0, valueEnd = 0] =
            chosen === undefined
              ? [all.length - 1 - String(value).length, all.length - 1]
              : [start[chosen], end[chosen]];
          builder.addKeys(
            all,
            Int32Array.from(start),
            Int32Array.from(end),
            from,
            keys.length,
            valueStart,
            valueEnd,
          );
          for (const key of keys.slice(from))
            entries.push([key, all.toString('latin1', valueStart, valueEnd)]);
          all.fill(0);
        }
        expect(builder.count).toBe(entries.length);
        expect(entriesOf(builder.finish())).toEqual(entries);
      }),
    );
  });

  it('does not store a value that is one of the keys beside it', () => {
    const builder = new EntriesBuilder(4, 64);
    builder.addKeys(bytes('abc'), Int32Array.of(0, 1, 2), Int32Array.of(1, 2, 3), 0, 3, 1, 2);
    const { pool, keyStart, valueStart } = builder.finish();
    expect(pool).toHaveLength(3);
    expect([...valueStart.subarray(0, 3)]).toEqual([keyStart[1], keyStart[1], keyStart[1]]);
  });

  it('says so when a table is too large, rather than wrap around', () => {
    const builder = new EntriesBuilder(4, 0);
    const huge = { length: 2 ** 32 } as Uint8Array;
    expect(() => builder.add(huge, 0, 2 ** 32, huge, 0, 0)).toThrow(TableTooLargeError);
  });
});
