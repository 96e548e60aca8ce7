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
