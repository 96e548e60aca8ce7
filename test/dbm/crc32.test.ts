import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changedCrc32 } from '../../src/dbm/crc32.ts';

test('the checksum of bytes of which some have changed is that of all of them', () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  const change = fc.uint8Array({ maxLength: 300 }).chain((before) => {
    return fc.tuple(
      fc.constant(before),
      fc.uint8Array({ minLength: before.length, maxLength: before.length }),
    );
  });
  fc.assert(
    fc.property(bytes, change, bytes, fc.nat(1 << 20), (front, [before, after], end, zeros) => {
      const run = (middle: Uint8Array) => crc32(Buffer.concat([front, middle, end, Buffer.alloc(zeros)]));
      const behind = end.length + zeros;
      expect(changedCrc32(run(before), crc32(before), crc32(after), behind)).toBe(run(after));
    }),
  );
});
