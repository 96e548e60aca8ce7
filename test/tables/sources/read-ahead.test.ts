import { utimesSync } from 'node:fs';
import { expect, test } from 'vitest';
import { directoryFed, fileFed, Hub, numbered, tableOf, withEntries } from '../hub.ts';

const people = numbered(0, 200);
const lists = numbered(0, 30, 'list');
const more = withEntries(lists, ['new@example.ac.uk', 'new@lists.example.ac.uk']);

/** A hub with a table from the directory and one from a file, before its first hour. */
async function hubOfTwo(): Promise<Hub> {
  const hub = new Hub();
  await hub.serve(people);
  hub.configure(directoryFed('people') + fileFed('lists'));
  hub.put('in/lists.dat', lists);
  // Too new a file is never remembered, and this is not what is tried here.
  utimesSync(hub.at('in/lists.dat'), 0, 0);
  return hub;
}

test('a file is read while the directory answers, and one that changes afterwards is read again in the next run', async () => {
  const hub = await hubOfTwo();
  let pages = 0;
  const report = await hub.build({
    progress: () => {
      pages++;
      if (pages === 3) hub.put('in/lists.dat', more);
    },
  });
  expect(pages).toBeGreaterThan(2);
  expect(tableOf(report, 'lists')).toMatchObject({ outcome: 'published', after: lists.size });
  expect(hub.exim('people')).toEqual(people);
  expect(hub.exim('lists')).toEqual(lists);

  expect(await hub.buildTable('lists')).toMatchObject({ outcome: 'published' });
  expect(hub.exim('lists')).toEqual(more);
});

test('a file that is malformed fails its table, and not the directory that answers meanwhile', async () => {
  const hub = await hubOfTwo();
  hub.put('in/students.csv', 'alias,id\njane,s1\njohn\n');
  const csv = '[tables.students]\n[[tables.students.sources]]\ncsv = "IN/students.csv"\n';
  hub.configure(`${directoryFed('people')}${csv}key = "{alias}"\nvalue = "{id}"\n`);
  const report = await hub.build();
  expect(tableOf(report, 'people')).toMatchObject({ outcome: 'published' });
  expect(tableOf(report, 'students').failure?.message).toContain(
    'line 3: 1 fields where the header line has 2',
  );
  expect(hub.exim('people')).toEqual(people);
});
