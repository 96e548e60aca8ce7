import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { slotsOf } from '../../../src/state/mirror/id-slots.ts';
import { IdTable } from '../../../src/tables/mirror/id-table.ts';

test('ids are found in the same slots, whether they were put there one by one or all at a time', () => {
  const table = new IdTable(100);
  const met: number[] = [];
  for (let count = 1; count <= 1000; count++) {
    const id = randomBytes(16);
    table.add(id);
    table.add(id);
    if (table.slots === undefined) continue;
    expect(Buffer.compare(bytesOf(table.slots), bytesOf(slotsOf(table.ids, count)))).toBe(0);
    met.push(count);
  }
  expect(met, 'not where the table is larger than it need be').toEqual(
    Array.from({ length: 1000 - 64 }, (_, i) => 65 + i),
  );
});

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

test.each([100, 5000])(
  'ids of a table made for %d have the same numbers, whether they come in batches or not',
  (expected) => {
    const plain = new IdTable(16);
    const table = new IdTable(expected);
    for (const length of [1, 1000, 0, 7, 6000, 1024]) {
      const ids = randomBytes(length * 16);
      // Some of them are there, and some come twice.
      for (let i = 0; i < length; i += 3) ids.copyWithin(i * 16, (i >> 1) * 16, (i >> 1) * 16 + 16);
      if (length > 10 && plain.count > 0) ids.set(plain.ids.subarray(0, 16), 160);
      const numbers = new Uint32Array(length);
      table.addAll(ids, numbers);
      expect([...numbers]).toEqual(Array.from(numbers, (_, i) => plain.add(ids, i * 16)));
      expect(Buffer.compare(table.ids, plain.ids)).toBe(0);
      for (let number = 0; number < plain.count; number += 50)
        expect(table.find(plain.ids, number * 16)).toBe(number);
    }
  },
);
