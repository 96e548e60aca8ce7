import { describe, expect, test } from 'vitest';
import { openTable } from '../../../src/dbm/index.ts';
import { aliases, type Entry, pairsOf } from '../support.ts';
import type { Writer } from './write.ts';

/** Tests that reading back notices, and names, what a file doesn't have as the table has it. */
export function testReadBack(written: Writer): void {
  const entries: Entry[] = [...aliases(2000), ['long', 'x'.repeat(5000)]];
  const [, ...withoutFirst] = entries;
  const changed: [string, readonly Entry[], RegExp][] = [
    [
      'an entry more in the table',
      [...entries, ['extra@example.ac.uk', 'x']],
      /"extra@example.ac.uk" is missing/,
    ],
    ['one more at the end', [...entries, ['zzz', 'x']], /"zzz" is missing/],
    ['an entry less in the table', withoutFirst, /"anna.ng.0@example.ac.uk" is not in the table/],
    [
      'another value',
      [['anna.ng.0@example.ac.uk', 'ann1@exchange.example.ac.uk'], ...withoutFirst],
      /"anna.ng.0@example.ac.uk" has another value/,
    ],
    [
      'a longer value',
      [['anna.ng.0@example.ac.uk', 'ann0@exchange.example.ac.uk2'], ...withoutFirst],
      /"anna.ng.0@example.ac.uk" has another value/,
    ],
    [
      'a shorter value',
      [['anna.ng.0@example.ac.uk', 'ann1'], ...withoutFirst],
      /"anna.ng.0@example.ac.uk" has another value/,
    ],
    [
      'another long value',
      [...entries.slice(0, -1), ['long', `${'x'.repeat(4999)}y`]],
      /"long" has another value/,
    ],
    ['nothing in the table', [], /is not in the table/],
  ];
  describe('readBack', () => {
    test.each(changed)('notices %s', async (_, other, message) => {
      const file = openTable(await written(entries));
      try {
        expect(() => file.readBack(pairsOf(other))).toThrow(message);
      } finally {
        file.close();
      }
    });
  });
}
