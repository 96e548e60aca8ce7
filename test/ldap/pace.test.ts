import { expect, test } from 'vitest';
import { Pace } from '../../src/ldap/pace.ts';
import { addresses, collect, settingsFor } from './collect.ts';
import { searchDone, searchEntry } from './messages.ts';
import { startScripted } from './scripted-server.ts';

test('quick answers are never waited for, whatever their differences', () => {
  const pace = new Pace(undefined);
  for (const milliseconds of [1, 900, 5, 999]) {
    pace.answered(1000, milliseconds, 0);
    expect(pace.delay(0)).toBe(0);
  }
});

test('a server that slows down is left alone as long as it took too long', () => {
  const pace = new Pace(undefined);
  pace.answered(1000, 600, 0);
  pace.answered(1000, 1150, 10_000);
  expect(pace.delay(10_000), 'not twice as long').toBe(0);
  pace.answered(1000, 3000, 20_000);
  expect(pace.delay(20_000)).toBeCloseTo(1800);
  expect(pace.delay(21_000), 'time that passed counts').toBeCloseTo(800);
  pace.answered(1000, 9000, 30_000);
  expect(pace.delay(30_000), 'the more it suffers, the longer').toBeCloseTo(7800);
  pace.answered(1000, 500_000, 600_000);
  expect(pace.delay(600_000), 'never longer than half a minute').toBe(30_000);
  pace.answered(1000, 600, 700_000);
  expect(pace.delay(700_000), 'and it recovers').toBe(0);
});

test('a page of fewer entries may take less', () => {
  const pace = new Pace(undefined);
  pace.answered(1000, 1000, 0);
  pace.answered(100, 1300, 10_000);
  expect(pace.delay(10_000)).toBeCloseTo(1100);
});

test('a limit holds on average, and cuts pages', () => {
  const pace = new Pace(50);
  expect(pace.pageSize(1000)).toBe(500);
  expect(pace.pageSize(100)).toBe(100);
  expect(new Pace(undefined).pageSize(1000)).toBe(1000);
  pace.answered(100, 500, 10_000);
  expect(pace.delay(10_000)).toBeCloseTo(1500);
  pace.answered(100, 0, 10_000);
  expect(pace.delay(10_000)).toBeCloseTo(3500);
  expect(pace.delay(60_000)).toBe(0);
});

test('the limit in entries per second slows an extraction down, and the report says so', async () => {
  const pages = 4;
  await using server = await startScripted({
    search({ id, number }, socket) {
      for (let i = 0; i < 10; i++) {
        const name = `n${number}-${i}`;
        socket.write(searchEntry(id, `cn=${name}`, [['proxyAddresses', [`SMTP:${name}@example.org`]]]));
      }
      socket.write(searchDone(id, 0, Buffer.from(number < pages ? 'more' : '')));
    },
  });
  const { entries, report } = await collect(settingsFor([server.url], { maxEntriesPerSecond: 100 }), [
    addresses,
  ]);
  expect(entries[0]).toHaveLength(40);
  // Three pages of ten are paid for before the fourth is asked for.
  expect(report.milliseconds).toBeGreaterThan(295);
  expect(report.servers[0]?.pausedMilliseconds).toBeGreaterThan(100);
  expect(report.servers[0]?.pausedMilliseconds).toBeLessThan(report.milliseconds);
});
