import { existsSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { datOf, type Entries, fileFed, Hub, numbered, withEntries } from '../tables/hub.ts';
import { postmaster } from './postmaster.ts';

const { run, heldHub, reviewed, approve } = postmaster();

describe('on_hold = "additions"', () => {
  const section = (guard: string) => fileFed('t', guard).replace('\n', '\non_hold = "additions"\n');
  async function additionsHub(): Promise<Hub> {
    const hub = new Hub();
    hub.configure(section('max_removed = 5'));
    hub.put('in/t.dat', numbered(0, 100));
    await run(hub, 'build');
    return hub;
  }
  const changed: Entries = withEntries(numbered(20, 100), ['user000050@example.ac.uk', 'elsewhere']);

  test('what is new is published while removals are held, and nothing else', async () => {
    const hub = await additionsHub();
    hub.put('in/t.dat', withEntries(changed, ['new@example.ac.uk', 'x']));
    const { status, stdout } = await run(hub, 'build');
    expect(status).toBe(3);
    expect(stdout).toMatch(/^t: held, .*\n {2}1 new entries are published all the same/m);
    const shown = withEntries(numbered(0, 100), ['new@example.ac.uk', 'x']);
    expect(hub.exim('t')).toEqual(shown);
    expect(hub.text('etc/t.dat')).toBe(datOf(shown));
    expect(await reviewed(hub)).toMatchObject({ before: 101, after: 81, removed: 20, changed: 1, added: 0 });

    const before = hub.stamps();
    expect((await run(hub, 'build')).status).toBe(3);
    expect(hub.stamps(), 'the same again').toEqual(before);
    expect((await approve(hub, (await reviewed(hub)).digest)).status).toBe(0);
    expect(hub.exim('t')).toEqual(withEntries(changed, ['new@example.ac.uk', 'x']));
    expect(await run(hub, 'build')).toMatchObject({ status: 0, stderr: '' });
  });

  test('a review is good for three days of new starters, and none of them is lost by its approval', async () => {
    const hub = await additionsHub();
    hub.put('in/t.dat', changed);
    await run(hub, 'build');
    const { digest } = await reviewed(hub);
    const starters = [...numbered(300, 303)];
    for (const [i] of starters.entries()) {
      hub.put('in/t.dat', withEntries(changed, ...starters.slice(0, i + 1)));
      expect((await run(hub, 'build')).status).toBe(3);
    }
    expect(hub.exim('t')).toEqual(withEntries(numbered(0, 100), ...starters));
    const { status, stdout } = await approve(hub, digest);
    expect(status).toBe(0);
    expect(stdout).toContain('with 3 entries that were published since the review');
    expect(hub.exim('t')).toEqual(withEntries(changed, ...starters));
    expect(await run(hub, 'build')).toMatchObject({ status: 0, stderr: '' });
  });

  test('an address that comes from another table is not lost by either', async () => {
    const hub = new Hub();
    hub.configure(fileFed('a') + section('max_removed = 5'));
    hub.put('in/a.dat', numbered(200, 300));
    hub.put('in/t.dat', numbered(0, 100));
    await run(hub, 'build');
    const [moving] = numbered(200, 201);
    hub.put('in/a.dat', numbered(201, 300));
    hub.put('in/t.dat', withEntries(numbered(20, 100), moving));
    const { stdout } = await run(hub, 'build');
    expect(stdout).toMatch(/^a: published/m);
    expect(hub.exim('a')).toEqual(numbered(201, 300));
    expect(hub.exim('t')).toEqual(withEntries(numbered(0, 100), moving));
  });
});

describe('the age of a source', () => {
  test('holds even what has not changed, until the file is refreshed', async () => {
    const hub = new Hub();
    hub.configure(`${fileFed('t')}max_age = "3 days"\n`);
    hub.put('in/t.dat', numbered(0, 100));
    expect((await run(hub, 'build')).status).toBe(0);
    const old = new Date(Date.now() - 4 * 86_400_000);
    utimesSync(hub.at('in/t.dat'), old, old);
    const { status, stderr } = await run(hub, 'build');
    expect(status).toBe(3);
    expect(stderr).toContain(
      `t: held: ${hub.at('in/t.dat')} was written 4 days ago, more than max_age = "3 days"`,
    );
    expect((await run(hub, 'review')).stdout).toContain('nothing would change');
    expect(await approve(hub, (await reviewed(hub)).digest)).toMatchObject({ status: 3 });
    await run(hub, 'reject', 't', '--reason', 'the list server is on holiday');
    expect(await run(hub, 'build')).toMatchObject({ status: 3, stderr: '' });
    hub.put('in/t.dat', numbered(0, 100));
    expect(await run(hub, 'build')).toMatchObject({ status: 0, stderr: '' });
  });
});

test('--force publishes past every finding, and what was held is settled', async () => {
  const hub = await heldHub('max_removed = 5, protected = ["user000001@example.ac.uk"]');
  expect(await run(hub, 'build', '--force', 't')).toMatchObject({ status: 0, stderr: '' });
  expect(hub.exim('t')).toEqual(numbered(20, 100));
  expect(hub.files()).toEqual(['t', 't.dat']);
  expect(existsSync(join(hub.stateDir, 'held/t'))).toBe(false);
});
