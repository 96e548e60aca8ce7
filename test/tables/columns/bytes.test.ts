import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareBytes,
  copyBytes,
  isSpace,
  lowerCaseAscii,
  printable,
} from '../../../src/tables/columns/bytes.ts';

const someBytes = fc.uint8Array({ maxLength: 12 });
/** Bytes with others before and behind them, so that a range that is not kept shows. */
const ranged = fc.tuple(someBytes, someBytes, someBytes).map(([before, inside, behind]) => ({
  all: Uint8Array.from([...before, ...inside, ...behind]),
  start: before.length,
  end: before.length + inside.length,
  inside,
}));

describe('bytes', () => {
  it('compares ranges as Buffer.compare compares bytes', () => {
    const similar = fc.uint8Array({ min: 0x61, max: 0x62, maxLength: 4 });
    fc.assert(
      fc.property(
        fc.oneof(fc.tuple(similar, similar), fc.tuple(someBytes, someBytes)),
        fc.nat(3),
        ([a, b], shift) => {
          const shifted = Uint8Array.from([...Array(shift).fill(0x62), ...b, 0x61]);
          const order = compareBytes(a, 0, a.length, shifted, shift, shift + b.length);
          expect(Math.sign(order)).toBe(Buffer.compare(a, b));
        },
      ),
    );
  });

  it('lower-cases the 26 letters of ASCII in a range, and nothing else', () => {
    fc.assert(
      fc.property(ranged, ({ all, start, end, inside }) => {
        const expected = Buffer.from(inside)
          .toString('latin1')
          .replace(/[A-Z]/g, (letter) => letter.toLowerCase());
        const before = Buffer.from(all);
        lowerCaseAscii(all, start, end);
        expect(Buffer.from(all.subarray(start, end)).toString('latin1')).toBe(expected);
        expect(Buffer.from(all.subarray(0, start))).toEqual(before.subarray(0, start));
        expect(Buffer.from(all.subarray(end))).toEqual(before.subarray(end));
      }),
    );
    const everything = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    lowerCaseAscii(everything, 0, 256);
    expect(everything.filter((byte, index) => byte !== index)).toEqual(
      new Uint8Array(Buffer.from('abcdefghijklmnopqrstuvwxyz')),
    );
  });

  it.each([0, 1, 7, 256, 257, 1000])('copies a range of %i bytes and touches no others', (length) => {
    const source = Uint8Array.from({ length: length + 10 }, (_, index) => (index * 7 + 1) % 251);
    const target = new Uint8Array(length + 20).fill(0xff);
    copyBytes(source, 5, 5 + length, target, 9);
    expect(target.subarray(9, 9 + length)).toEqual(source.subarray(5, 5 + length));
    expect(target.subarray(0, 9).every((byte) => byte === 0xff)).toBe(true);
    expect(target.subarray(9 + length).every((byte) => byte === 0xff)).toBe(true);
  });

  it("takes for white space what C's isspace() takes for it", () => {
    const spaces = Array.from({ length: 256 }, (_, byte) => byte).filter(isSpace);
    expect(spaces).toEqual([...Buffer.from('\t\n\v\f\r ')]);
  });

  it('shows bytes so that none disturbs a line or a terminal', () => {
    expect(printable(Buffer.from('zoë\t"a\\b"\r\n\x1b[2J\u202e\u2028\u0085'))).toBe(
      'zoë\\t"a\\b"\\r\\n\\u001b[2J\\u202e\\u2028\\u0085',
    );
    expect(printable(Buffer.from('xyz'), 1, 2)).toBe('y');
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(printable(bytes)).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u);
      }),
    );
  });
});
