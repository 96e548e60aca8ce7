import { expect, test } from 'vitest';
import { BlockSums } from '../../../src/state/mirror/block-sums.ts';
import { Gatherer } from '../../../src/tables/mirror/gatherer.ts';
import { Finder } from './finder.ts';

const id = new Uint8Array(16).fill(1);

function gives(finder: Finder, selection: number): void {
  finder.object(id, 'cn=x');
  finder.entry(selection, 'key', 'value');
}

test.each([
  ['full', 0],
  ['delta', 1],
] as const)(
  'what is caught up with in a %s extraction counts, or not, for a selection that was searched by itself',
  (mode, count) => {
    const gatherer = new Gatherer(2);
    const finder = new Finder(gatherer);
    finder.begin(mode);
    finder.restart(1);
    gives(finder, 0);
    gives(finder, 1);
    finder.changed(id, 'deleted');
    expect(
      gatherer
        .finish()
        .streams.slice(0, 2)
        .map((stream) => stream.count),
    ).toEqual([0, count]);
  },
);

test('what an object gave when it came again counts, whatever else changed', () => {
  const gatherer = new Gatherer(1);
  const finder = new Finder(gatherer);
  finder.begin('delta');
  finder.restart(0);
  gives(finder, 0);
  finder.changed(new Uint8Array(16).fill(2), 'deleted');
  finder.object(id, 'cn=x');
  finder.entry(0, 'value', 'key');
  const [{ count, keyStart, keyEnd }] = gatherer.finish().streams;
  expect([count, keyEnd[0] - keyStart[0]]).toEqual([1, 5]);
});

test('of thousands of objects, those that came twice gave what they gave the second time', () => {
  const count = 5000;
  const again = [3, 1023, 1024, 4999];
  const gatherer = new Gatherer(1);
  const finder = new Finder(gatherer);
  finder.begin('full');
  const visit = (object: number, name: string): void => {
    const text = `${name}${object}`;
    const id = Buffer.alloc(16);
    id.writeUInt32BE(object, 8);
    finder.object(id, text);
    finder.entry(0, text, text);
  };
  for (let object = 0; object < count; object++) visit(object, 'cn=first');
  for (const object of again) visit(object, 'cn=second');
  const { objects, streams } = gatherer.finish();
  const name = (object: number) => `cn=${again.includes(object) ? 'second' : 'first'}${object}`;
  const names = Array.from({ length: objects.count }, (_, object) =>
    Buffer.from(objects.dns.subarray(objects.dnStart[object], objects.dnEnd[object])).toString(),
  );
  expect(names).toEqual(Array.from({ length: count }, (_, object) => name(object)));
  const [{ pool, keyStart, keyEnd, object: owner, ...stream }] = streams;
  const keys = Array.from({ length: stream.count }, (_, i) => [
    owner[i],
    Buffer.from(pool.subarray(keyStart[i], keyEnd[i])).toString(),
  ]);
  expect(new Map(keys.map(([object, key]) => [object, key]))).toEqual(
    new Map(names.map((_, object) => [object, name(object)])),
  );
  expect(keys).toHaveLength(count);
});

test('what was summed by the way is what the texts have', () => {
  const gatherer = new Gatherer(1);
  const finder = new Finder(gatherer);
  finder.begin('full');
  for (let object = 0; object < 5000; object++) {
    const id = Buffer.alloc(16);
    // One in ten comes again.
    id.writeUInt32BE(object % 4500, 8);
    finder.object(id, `cn=${object},ou=staff`);
    finder.entry(0, `${object}@example.ac.uk`, 'cn=');
  }
  const { objects, streams, sums } = gatherer.finish();
  for (const [known, bytes] of [
    [sums.dns, objects.dns],
    [sums.pools[0], streams[0].pool],
  ] as const) {
    const whole = new BlockSums();
    whole.follow(bytes);
    expect(known.count).toBeGreaterThan(10);
    expect(known.sums).toEqual(whole.sums.subarray(0, known.count));
  }
});
