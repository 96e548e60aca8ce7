import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ID_BYTES, type Stream } from '../../../src/state/mirror/columns.ts';
import { StreamBuilder, sortStream } from '../../../src/tables/mirror/stream.ts';
import { bytes } from '../pairs.ts';

interface Given {
  readonly key: string;
  readonly value: string;
  readonly object: number;
}

const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 2 });
const given = fc.record({ key: text, value: text, object: fc.nat({ max: 5 }) });

/** The lesser the number, the greater the id. */
const ids = new Uint8Array(6 * ID_BYTES).map((_, i) => (i % ID_BYTES === 3 ? 200 - i : 7));

function streamOf(entries: readonly Given[]): Stream {
  const builder = new StreamBuilder();
  for (const { key, value, object } of entries) {
    builder.add(object, bytes(key + value), 0, key.length, key.length, key.length + value.length);
  }
  return builder.finish();
}

function entriesOf({ count, pool, keyStart, keyEnd, valueStart, valueEnd, object }: Stream): Given[] {
  const at = (start: number, end: number) => Buffer.from(pool.subarray(start, end)).toString('latin1');
  return Array.from({ length: count }, (_, i) => ({
    key: at(keyStart[i], keyEnd[i]),
    value: at(valueStart[i], valueEnd[i]),
    object: object[i],
  }));
}

/** The plain way. */
function inOrder(entries: readonly Given[]): Given[] {
  const rank = ({ key, value, object }: Given) => [key, 9 - object, value].join(' ');
  return entries.toSorted((a, b) => (rank(a) < rank(b) ? -1 : Number(rank(a) > rank(b))));
}

function isRight(entries: readonly Given[]): void {
  const stream = sortStream(streamOf(entries), ids);
  expect(entriesOf(stream)).toEqual(inOrder(entries));
  const keys = entries.map(({ key }) => key).toSorted();
  const places = [...keys.keys()].filter((place) => place > 0 && keys[place] === keys[place - 1]);
  expect([...(stream.repeated ?? [])]).toEqual(places);
  expect(stream.repeated).toBeDefined();
}

test('a stream is put into the order of keys, ids and values, and tells which keys come again', () => {
  fc.assert(fc.property(fc.array(given, { maxLength: 12 }), isRight), { numRuns: 300 });
});

test('so is one of many entries', () => {
  const many = (key: (i: number) => string) =>
    Array.from({ length: 5000 }, (_, i) => ({ key: key(i), value: `v${(i * 31) % 7}`, object: i % 6 }));
  isRight(many((i) => `user${(i * 7919) % 5003}`));
  isRight(many((i) => `user${(i * 7919) % 503}`));
});
