import { expect, test } from 'vitest';
import { fileFed, Hub, numbered, tableOf, without } from './hub.ts';

const ten = numbered(0, 10);
const [[moved]] = ten;

test('a table that has to wait for another one is left as it is, and nothing that was staged for it stays', async () => {
  const hub = new Hub();
  hub.configure(fileFed('loses') + fileFed('gains'));
  hub.put('in/loses.dat', ten);
  hub.put('in/gains.dat', numbered(20, 30));
  await hub.build();
  hub.put('in/loses.dat', without(ten, moved));
  hub.put('in/gains.dat', new Map([[moved, 'there']]));
  const report = await hub.build();
  expect(['loses', 'gains'].map((name) => tableOf(report, name).outcome)).toEqual(['held', 'held']);
  expect(hub.exim('loses')).toEqual(ten);
  expect(hub.files().filter((name) => name.startsWith('.'))).toEqual([]);
});
