import { expect, onTestFinished, test } from 'vitest';
import type { Fault } from '../../fixtures/server/fault.ts';
import type { ResultName } from '../../fixtures/server/result.ts';
import type { FixtureServer } from '../../fixtures/server/server.ts';
import { datOf, directoryFed, Hub, numbered, tableOf } from '../tables/hub.ts';

/** More than one answer of DirSync, more than one batch of ids, more than one page in a batch. */
const people = [...numbered(0, 220).keys()];

type OfRequest = (request: number) => Fault;
const at = (page: number) => ({ phase: 'connection', page }) as const;
const result = (name: ResultName): [string, OfRequest] => [
  name,
  (request) => ({ kind: 'result', result: name, ...at(request), entry: 11 }),
];
const breaks: [string, OfRequest][] = [
  ['drop', (request) => ({ kind: 'drop', ...at(request), entry: 11 })],
  ['hang', (request) => ({ kind: 'hang', ...at(request), entry: 11 })],
  ['garbage', (request) => ({ kind: 'garbage', ...at(request), entry: 11 })],
  result('busy'),
  // These two are about the pages of the searches by ids.
  ['no-control', (page) => ({ kind: 'no-control', page })],
  ['same-cookie', (page) => ({ kind: 'same-cookie', page })],
];
const others: [string, OfRequest][] = [
  ['drop before the first entry', (request) => ({ kind: 'drop', ...at(request) })],
  ['empty-page', (page) => ({ kind: 'empty-page', page })],
  result('sizeLimitExceeded'),
  result('operationsError'),
  result('referral'),
];

/** How a server is asked for changes, by further lines of `[directory.ad]`. */
const ways = {
  dirsync: '',
  syncrepl: 'delta = "syncrepl"\nid_attribute = "entryUUID"\n',
};
type Way = keyof typeof ways;
const everywhere = (faults: readonly [string, OfRequest][]) => [
  ...faults.map(([name, fault]) => ['dirsync' as Way, name, fault] as const),
  // Only what is asked for changes is another.
  ...faults
    .filter(([name]) => /^(drop|garbage|busy|sizeLimit|operationsError)/.test(name))
    .map(([name, fault]) => ['syncrepl' as Way, name, fault] as const),
];

/** A hub that knows everything, and people who get another value each time. */
class Hour {
  readonly server: FixtureServer;
  /** Of the same directory; asked first. */
  readonly twin: FixtureServer | undefined;
  readonly hub: Hub;
  #version = 0;

  private constructor(hub: Hub, server: FixtureServer, twin: FixtureServer | undefined) {
    this.hub = hub;
    this.server = server;
    this.twin = twin;
  }

  static async start(way: Way, servers: 1 | 2 = 1): Promise<Hour> {
    const hub = new Hub();
    const server = await hub.serve(new Map(people.map((key) => [key, 'box0@mail.example.ac.uk'])));
    const twin = servers === 2 ? await server.startTwin() : undefined;
    if (twin !== undefined) {
      onTestFinished(() => twin.stop());
      hub.urlsBefore = [twin.url];
    }
    hub.configure(ways[way] + directoryFed('exch_table', 'max_changed = "100%"'));
    await hub.build();
    return new Hour(hub, server, twin);
  }

  /** Everybody changes. @returns what the table is to be from now on */
  change(): string {
    const value = `box${++this.#version}@mail.example.ac.uk`;
    for (const i of people.keys()) {
      this.server.changes.modify(`CN=${i},${this.server.base}`, [
        { kind: 'replace', attribute: 'targetAddress', values: [Buffer.from(`SMTP:${value}`)] },
      ]);
    }
    return datOf(new Map(people.map((key) => [key, value])));
  }

  /** A run in which nothing goes wrong. @returns how many searches it makes */
  async run(): Promise<number> {
    const wanted = this.change();
    await this.expectDelta(wanted);
    return (this.twin ?? this.server).clients.at(-1)?.searches ?? 0;
  }

  async expectDelta(wanted: string): Promise<void> {
    const { tables, directories } = await this.hub.build();
    expect(tables).toMatchObject([{ outcome: 'published' }]);
    expect(directories).toMatchObject([{ mode: 'delta' }]);
    expect(this.hub.text('etc/exch_table.dat')).toBe(wanted);
  }
}

/** Tries each request of a run once, some at the same time: who waits for a server that hangs can't do anything else. */
async function atEveryRequest(
  attempt: (hour: Hour, request: number) => Promise<void>,
  hours: readonly Hour[],
) {
  const counts = await Promise.all(hours.map((hour) => hour.run()));
  const requests = Math.max(...counts);
  expect(requests).toBeGreaterThan(8);
  await Promise.all(
    hours.map(async (hour, lane) => {
      for (let request = lane + 1; request <= requests; request += hours.length) await attempt(hour, request);
    }),
  );
}

test.each(everywhere([...breaks, ...others]))(
  '%s: %s, at any request for what changed: the answer is whole or a failed source, and the next run makes up for it',
  async (way, name, fault) => {
    const hours = await Promise.all(Array.from({ length: name === 'hang' ? 4 : 1 }, () => Hour.start(way)));
    let failures = 0;
    await atEveryRequest(async (hour, request) => {
      const before = hour.hub.text('etc/exch_table.dat');
      const wanted = hour.change();
      hour.server.setFault(fault(request));
      const table = tableOf(await hour.hub.build(), 'exch_table');
      hour.server.setFault();
      const text = hour.hub.text('etc/exch_table.dat');
      if (table.outcome !== 'failed') return expect(text).toBe(wanted);
      failures++;
      expect(table.failure).toMatchObject({ cause: 'source' });
      expect(text).toBe(before);
      await hour.expectDelta(wanted);
    }, hours);
    if (name === 'empty-page') expect(failures).toBe(0);
    else expect(failures).toBeGreaterThanOrEqual(4);
  },
);

test.each(everywhere(breaks))(
  '%s: %s, at any request for what changed: the next server gives all that did',
  async (way, name, fault) => {
    const hours = await Promise.all(
      Array.from({ length: name === 'hang' ? 4 : 1 }, () => Hour.start(way, 2)),
    );
    await atEveryRequest(async (hour, request) => {
      const wanted = hour.change();
      hour.twin?.setFault(fault(request));
      await hour.expectDelta(wanted);
      hour.twin?.setFault();
    }, hours);
  },
);
