import { expect, onTestFinished, test, vi } from 'vitest';
import { fullNotNow, isFullAllowed } from '../../../src/tables/sources/full-window.ts';
import { directoryFed, Hub, numbered, tableOf } from '../hub.ts';

const day = { from: 8 * 60, to: 18 * 60 };
const night = { from: 22 * 60 + 30, to: 6 * 60 };
const at = (hour: number, minute: number) => new Date(2026, 2, 14, hour, minute);

test.each([
  [7, 59, true],
  [8, 0, false],
  [12, 0, false],
  [17, 59, false],
  [18, 0, true],
  [0, 0, true],
])('between 08:00 and 18:00 none starts: %i:%i', (hour, minute, allowed) => {
  expect(isFullAllowed(day, at(hour, minute))).toBe(allowed);
});

test.each([
  [22, 29, true],
  [22, 30, false],
  [0, 0, false],
  [5, 59, false],
  [6, 0, true],
])('the hours may lie over midnight: %i:%i', (hour, minute, allowed) => {
  expect(isFullAllowed(night, at(hour, minute))).toBe(allowed);
});

test('without hours one may start at any time', () => {
  expect(isFullAllowed(undefined, at(12, 0))).toBe(true);
});

test('what is said tells when it is made, and how to have it now', () => {
  expect(fullNotNow(day, at(12, 0))).toMatch(
    /between 08:00 and 18:00 .* after 18:00 makes it, and build --full/,
  );
  expect(fullNotNow(night, at(23, 0))).toContain('after 06:00 tomorrow');
  expect(fullNotNow(night, at(3, 0))).toMatch(/after 06:00 makes/);
});

/** A time of day so many hours from now. */
function clockIn(hours: number): string {
  return new Date(Date.now() + hours * 3_600_000).toTimeString().slice(0, 5);
}

test('in these hours changes are read however slow that is, and a cursor that is refused is a failed source', async () => {
  const people = numbered(0, 450);
  const hub = new Hub();
  const server = await hub.serve(people);
  hub.configure(
    `no_full_between = "${clockIn(-2)}-${clockIn(2)}"\n${directoryFed('t', 'max_changed = "100%"')}`,
  );
  await hub.build({ full: true });
  const value = Buffer.from('SMTP:other@mail.example.ac.uk');
  for (const i of [...people.keys()].keys()) {
    server.changes.modify(`CN=${i},${server.base}`, [
      { kind: 'replace', attribute: 'targetAddress', values: [value] },
    ]);
  }
  // Each page takes long, by the clock.
  const { now } = performance;
  let late = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + late);
  onTestFinished(() => clock.mockRestore());
  server.beforePage(() => {
    late += 5000;
  });
  const { tables, directories } = await hub.build();
  expect(directories).toMatchObject([{ mode: 'delta' }]);
  expect(tables).toMatchObject([{ outcome: 'published', changed: people.size }]);

  server.refuseCookies();
  const refused = tableOf(await hub.build(), 't');
  expect(refused).toMatchObject({ outcome: 'failed', failure: { cause: 'source' } });
  expect(refused.failure?.message).toContain('build --full');
  expect((await hub.build({ full: true })).directories).toMatchObject([{ mode: 'full' }]);
});
