import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Hub } from './hub.ts';

/** A table of two files, the first of which may be missing. */
function hub(): Hub {
  const hub = new Hub();
  const source = (name: string, line = ''): string =>
    `[[tables.list_table.sources]]\nfile = "${hub.at(`in/${name}.dat`)}"\n${line}\n`;
  hub.configure(`[tables.list_table]\n${source('first', 'optional = true')}${source('second')}`);
  hub.put('in/first.dat', 'a: first\nboth: first\n');
  hub.put('in/second.dat', 'both: second\nc: second\n');
  return hub;
}

test('an optional source that fails takes nothing away, and changes no route', async () => {
  const list = hub();
  await list.build();
  const before = list.text('etc/list_table.dat');
  expect(before).toBe('a: first\nboth: first\nc: second\n');
  rmSync(list.at('in/first.dat'));
  const report = await list.build();
  expect(report.tables[0]).toMatchObject({ outcome: 'unchanged', conflicts: { count: 0 } });
  expect(report.warnings).toEqual([
    expect.stringMatching(/list_table: an optional source failed.*in\/first\.dat.*ENOENT/),
  ]);
  expect(list.text('etc/list_table.dat')).toBe(before);
});

test('what the other sources add is published meanwhile', async () => {
  const list = hub();
  await list.build();
  rmSync(list.at('in/first.dat'));
  list.put('in/second.dat', 'both: second\nc: second\nd: new\n');
  await list.build();
  expect(list.text('etc/list_table.dat')).toBe('a: first\nboth: first\nc: second\nd: new\n');
});

test('when it is back, its removals count again', async () => {
  const list = hub();
  await list.build();
  rmSync(list.at('in/first.dat'));
  await list.build();
  list.put('in/first.dat', 'a: first\n');
  await list.build();
  expect(list.text('etc/list_table.dat')).toBe('a: first\nboth: second\nc: second\n');
});

test('a table that never was is built from the sources that answer', async () => {
  const list = hub();
  rmSync(list.at('in/first.dat'));
  await list.build();
  expect(list.text('etc/list_table.dat')).toBe('both: second\nc: second\n');
});
