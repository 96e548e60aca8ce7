import { chmodSync, existsSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseString } from 'fast-csv';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RunLock } from '../../src/state/lock.ts';
import {
  datOf,
  type Entries,
  fileFed,
  Hub,
  keptByHand,
  numbered,
  withEntries,
  without,
} from '../tables/hub.ts';
import { type Outcome, Program } from './program.ts';

let program: Program;
beforeAll(async () => {
  program = await Program.install();
});
afterAll(() => program.remove());

const run = (hub: Hub, ...args: readonly string[]): Promise<Outcome> =>
  program.run([...args, '--config', hub.configFile]);

/** A hub whose table `t`, fed by a file, has a hundred published entries. */
async function hubOf(guard = 'max_removed = 5', more = ''): Promise<Hub> {
  const hub = new Hub();
  hub.configure(more + fileFed('t', guard));
  hub.put('in/t.dat', numbered(0, 100));
  await hub.build();
  return hub;
}

/** The same, now held: twenty entries would go. */
async function heldHub(guard?: string, more?: string): Promise<Hub> {
  const hub = await hubOf(guard, more);
  hub.put('in/t.dat', numbered(20, 100));
  expect((await run(hub, 'build')).status).toBe(3);
  return hub;
}

interface Shown {
  readonly digest: string;
  readonly [key: string]: unknown;
}

async function reviewed(hub: Hub, table = 't'): Promise<Shown> {
  const { stdout } = await run(hub, 'review', table, '--json');
  return JSON.parse(stdout).held[0];
}

const approve = async (hub: Hub, digest: string, ...args: readonly string[]) =>
  run(hub, 'approve', 't', '--digest', digest, ...args);

describe('review', () => {
  test('of nothing: status 0', async () => {
    const hub = await hubOf();
    expect(await run(hub, 'review')).toEqual({ status: 0, stdout: 'nothing is held\n', stderr: '' });
    expect(await run(hub, 'review', 't')).toMatchObject({ status: 0 });
    expect(JSON.parse((await run(hub, 'review', '--json')).stdout)).toEqual({
      status: 0,
      held: [],
      notHeld: ['t'],
    });
    expect(await run(hub, 'review', 'other')).toMatchObject({ status: 64 });
  });

  test('says why, groups the difference, and ends with the command; writes nothing and takes no lock', async () => {
    const hub = await hubOf('max_removed = 5, max_removed_per_domain = "50%"');
    hub.put('in/t.dat', withEntries(numbered(0, 100), ['a@gone.example', 'a'], ['b@gone.example', 'b']));
    await run(hub, 'build');
    hub.put(
      'in/t.dat',
      withEntries(numbered(4, 100), ['new@example.ac.uk', 'x'], ['user000004@example.ac.uk', 'y']),
    );
    await run(hub, 'build');
    // The lock's own journal comes and goes in the folder of the state.
    const stamps = () => ({ ...hub.stamps('state'), ...hub.stamps('etc') });
    const before = stamps();
    const lock = RunLock.acquire(hub.stateDir, hub.tablesDir);
    const { status, stdout, stderr } = await run(hub, 'review');
    lock.release();
    expect({ status, stderr }).toEqual({ status: 3, stderr: '' });
    expect(stamps()).toEqual(before);

    expect(stdout).toMatch(
      /^t: held since .* 102 entries are published, 97 in the candidate\n {2}6 would go, 1 would change, 1 would come$/m,
    );
    expect(stdout).toContain(`\n  from ${hub.at('in/t.dat')}\n`);
    expect(stdout).toMatch(
      /^ {2}6 of 102 entries removed, more than max_removed = 5, such as a@gone.example, b@gone.example, /m,
    );
    expect(stdout).toContain('the domain gone.example would be gone: all 2 entries');
    expect(stdout).toMatch(
      /^ {2}6 {2}no longer in its file: the source is shorter\n {2}1 {2}another value\n {2}1 {2}new$/m,
    );
    expect(stdout).toMatch(
      /^ {2}4 of 100 go, 1 come {2}example.ac.uk\n {12}2 of 2 go {2}gone.example {3}all of it$/m,
    );
    expect(stdout).toMatch(/^ {2}- {2}a@gone.example +a +no longer in its file/m);
    expect(stdout).toMatch(
      /^ {2}~ {2}user000004@example.ac.uk +box000004@mail.example.ac.uk -> y +another value/m,
    );
    const { digest } = await reviewed(hub);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(
      `  mailhub-tables approve t --digest ${digest.slice(0, 16)} --config ${hub.configFile}`,
    );
    expect(stdout, 'no terminal, no colour').not.toContain('\x1b');
  });

  test('lets nothing that came from a source reach the terminal, or a spreadsheet, as more than text', async () => {
    const hub = await hubOf();
    const evil = 'x\x1b[31m"\x9b2J\u202eevil@example.ac.uk';
    const formulas = ['=cmd|calc@example.ac.uk', '+1@example.ac.uk', '-1@example.ac.uk'];
    const lines = [evil, ...formulas].map((key) => `"${key.replace('"', '\\"')}": =1+1,"x\n`);
    hub.put('in/t.dat', datOf(numbered(0, 100)) + lines.join(''));
    await run(hub, 'build');
    hub.put('in/t.dat', numbered(0, 90));
    await run(hub, 'build');

    const { stdout } = await run(hub, 'review');
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    const csv = await run(hub, 'review', '--csv', '-');
    expect(csv.status).toBe(3);
    const rows = await parsed(csv.stdout);
    expect(rows).toHaveLength(14);
    expect(csv.stdout.replaceAll('\r\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    for (const row of rows) for (const cell of Object.values(row)) expect(cell).not.toMatch(/^[=+@-]/);
    expect(rows.map(({ key }) => key)).toEqual(expect.arrayContaining(formulas.map((key) => `'${key}`)));
    expect(rows.find(({ key }) => key === `'${formulas[0]}`)).toMatchObject({
      from: `'=1+1,"x`,
      change: 'removed',
    });
  });

  test('--json and --csv have every entry; the CSV file is for its owner', async () => {
    const hub = await heldHub();
    const shown = await reviewed(hub);
    expect(shown).toMatchObject({
      table: 't',
      before: 100,
      after: 80,
      removed: 20,
      findings: [
        {
          rule: 'max_removed',
          count: 20,
          limit: '5',
          examples: [0, 1, 2, 3, 4].map((i) => `user00000${i}@example.ac.uk`),
        },
      ],
      domains: [{ domain: 'example.ac.uk', before: 100, removed: 20, added: 0 }],
    });
    const gone = [...numbered(0, 20)].map(([key, from]) => ({ change: 'removed', key, from, to: null }));
    expect(shown.entries).toMatchObject(gone);
    const path = hub.at('review.csv');
    expect(await run(hub, 'review', 't', '--csv', path)).toEqual({ status: 3, stdout: '', stderr: '' });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await parsed(readFileSync(path, 'utf8'))).toMatchObject(
      gone.map(({ to: _, ...rest }) => ({ ...rest, to: '' })),
    );
    expect(await run(hub, 'review', '--csv', hub.at('nowhere/x.csv'))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(hub.at('nowhere/x.csv')),
    });
  });

  test('shows a move between tables as a move, not as a loss', async () => {
    const hub = await hubOf('max_removed = 5', fileFed('o365'));
    hub.put('in/o365.dat', numbered(500, 600));
    await run(hub, 'build');
    hub.put('in/o365.dat', withEntries(numbered(500, 600), ...numbered(0, 18)));
    hub.put('in/t.dat', numbered(20, 100));
    await run(hub, 'build');
    expect((await reviewed(hub)).happened).toEqual([
      { label: 'moves to o365', count: 18 },
      { label: 'no longer in its file: the source is shorter', count: 2 },
    ]);
  });

  test('does without a database, and names a candidate that is not what was kept', async () => {
    const hub = await heldHub();
    const { digest, ...shown } = await reviewed(hub);
    writeFileSync(hub.at('state/state.sqlite'), 'far from it');
    expect(await reviewed(hub)).toEqual({ digest, ...shown });
    const [candidate] = hub.files('state/held/t').filter((name) => name.endsWith('.dat'));
    writeFileSync(hub.at(`state/held/t/${candidate}`), 'something: else\n');
    const outcome = await run(hub, 'review');
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toContain(`${candidate}: its content is not what was kept`);
    expect((await approve(hub, digest)).status).toBe(1);
    expect(hub.exim('t')).toEqual(numbered(0, 100));
  });
});

test('who may not read what is held is told so, not that nothing is', async () => {
  const hub = await heldHub();
  const isRoot = process.getuid?.() === 0;
  const under = isRoot ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
  chmodSync(hub.at('state/held'), isRoot ? 0o700 : 0);
  const outcome = await program.run(['review', '--config', hub.configFile], { under });
  chmodSync(hub.at('state/held'), 0o755);
  expect(outcome).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('EACCES') });
});

describe('approve', () => {
  test('publishes just the candidate that was reviewed, though a newer one is held; the guard stays as strict', async () => {
    const hub = await heldHub();
    const { digest } = await reviewed(hub);
    const candidate = hub.text('etc/t_tmp.dat');
    hub.put('in/t.dat', numbered(40, 100));
    expect((await run(hub, 'build')).status).toBe(3);
    const newer = await reviewed(hub);
    expect(newer).toMatchObject({ removed: 40 });

    expect(await approve(hub, digest, '--reason', 'a term ends')).toMatchObject({
      status: 0,
      stdout: 't: published as reviewed, 100 -> 80 entries, 0 added, 20 removed, 0 changed\n',
      stderr: '',
    });
    expect(hub.text('etc/t.dat')).toBe(candidate);
    expect(hub.exim('t')).toEqual(numbered(20, 100));
    expect(hub.text('etc/t_tmp.dat'), 'the newer candidate is not published').toBe(datOf(numbered(40, 100)));

    const next = await run(hub, 'build');
    expect(next.status).toBe(3);
    expect(next.stdout).toMatch(/^t: held, 80 -> 60 entries, 0 added, 20 removed/m);
    expect(await approve(hub, newer.digest), 'a digest of before').toMatchObject({ status: 3 });
    const { stdout: history } = await run(hub, 'history');
    expect(history).toMatch(/approve/);
    expect(history).toContain('a term ends');
  });

  test('takes twelve digits or more, and nothing else', async () => {
    const hub = await heldHub();
    const { digest } = await reviewed(hub);
    for (const wrong of [digest.slice(0, 11), `${digest}0`, digest.toUpperCase(), '../../../../etc', '']) {
      expect(await approve(hub, wrong), wrong).toMatchObject({ status: 64, stdout: '' });
    }
    expect(await approve(hub, '0123456789ab')).toMatchObject({ status: 3 });
    expect(await run(hub, 'approve', 't')).toMatchObject({
      status: 64,
      stderr: expect.stringContaining('review t'),
    });
    expect(await run(hub, 'approve', 't', '--interactive')).toMatchObject({ status: 64 });
    expect(hub.exim('t')).toEqual(numbered(0, 100));
    expect((await approve(hub, digest.slice(0, 12))).status).toBe(0);
  });

  test('refuses where something else is published than what was reviewed, and says what', async () => {
    const hub = await heldHub();
    const { digest } = await reviewed(hub);
    hub.put(
      'etc/t.dat',
      withEntries(without(numbered(0, 100), 'user000050@example.ac.uk'), ['by@hand', 'x']),
    );
    hub.eximDbmbuild('t');
    const { status, stderr } = await approve(hub, digest);
    expect(status).toBe(3);
    expect(stderr).toContain('since then 1 came (by@hand), 1 went (user000050@example.ac.uk)');
    expect((await run(hub, 'review')).stdout).toContain('what is published has changed since');
    expect(hub.exim('t')?.has('by@hand')).toBe(true);
  });

  test('of two postmasters one publishes, and the other hears of it', async () => {
    const hub = await heldHub();
    const { digest } = await reviewed(hub);
    const lock = RunLock.acquire(hub.stateDir, hub.tablesDir);
    expect(await approve(hub, digest)).toMatchObject({
      status: 5,
      stdout: '',
      stderr: expect.stringContaining('lock'),
    });
    lock.release();
    const both = await Promise.all([approve(hub, digest), approve(hub, digest)]);
    expect(both.map(({ status }) => status).sort()).toEqual([0, expect.toBeOneOf([5, 64])]);
    const third = await approve(hub, digest);
    expect(third.status).toBe(64);
    expect(third.stderr).toMatch(/t is not held.*; approve by .*uid/);
    expect(hub.exim('t')).toEqual(numbered(20, 100));
  });

  test('an address that moves into a table that stays held keeps its old one: both go together', async () => {
    const hub = await hubOf('max_removed = 5', fileFed('o365', 'max_added = 5'));
    hub.put('in/o365.dat', numbered(500, 600));
    await run(hub, 'build');
    hub.put('in/o365.dat', withEntries(numbered(500, 600), ...numbered(0, 18)));
    hub.put('in/t.dat', numbered(18, 100));
    await run(hub, 'build');
    const [one, two] = [await reviewed(hub), await reviewed(hub, 'o365')];
    const alone = await approve(hub, one.digest);
    expect(alone.status).toBe(3);
    expect(alone.stderr).toMatch(/^t: held: 18 addresses .* move to o365, which is not published/m);
    expect(hub.exim('t')).toEqual(numbered(0, 100));

    const digests = ['--digest', two.digest, one.digest];
    expect(await run(hub, 'approve', 't', 'o365', ...digests)).toMatchObject({ status: 0, stderr: '' });
    expect(hub.exim('t')).toEqual(numbered(18, 100));
    expect(hub.exim('o365')?.size).toBe(118);
    expect(await run(hub, 'build')).toMatchObject({ status: 0, stderr: '' });
  });

  test('nor an empty table, nor a pinned one', async () => {
    const hub = await hubOf();
    hub.put('in/t.dat', '# nobody\n');
    await run(hub, 'build');
    const { digest } = await reviewed(hub);
    expect(await approve(hub, digest)).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('--allow-empty'),
    });
    const pinned = await heldHub();
    const { digest: other } = await reviewed(pinned);
    await run(pinned, 'pin', 't');
    expect(await approve(pinned, other)).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('unpin t'),
    });
    expect(pinned.exim('t')).toEqual(numbered(0, 100));
  });

  test('a table kept by hand: its .dat is not written, and a later one is judged against what was approved', async () => {
    const hub = new Hub();
    hub.configure(keptByHand('t'));
    hub.put('etc/t.dat', numbered(0, 100));
    await run(hub, 'build');
    hub.put('etc/t.dat', numbered(60, 100));
    await run(hub, 'build');
    const { digest } = await reviewed(hub);
    hub.put('etc/t.dat', numbered(90, 100));
    expect((await approve(hub, digest)).status).toBe(0);
    expect(hub.exim('t')).toEqual(numbered(60, 100));
    expect(hub.text('etc/t.dat')).toBe(datOf(numbered(90, 100)));
    const next = await run(hub, 'build');
    expect(next.stdout).toMatch(/^t: held, 40 -> 10 entries/m);
  });
});

describe('reject', () => {
  test('keeps a hold quiet until something else is in question', async () => {
    const hub = await heldHub();
    expect(await run(hub, 'reject', 't', '--reason', 'a school is missing\x1b[2J')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^t: 20 entries that would go are refused/),
    });
    const quiet = await run(hub, 'build');
    expect(quiet).toMatchObject({ status: 3, stderr: '' });
    expect(quiet.stdout).toMatch(/^ {2}refused by .* on .*: a school is missing\\u001b\[2J$/m);
    hub.put('in/t.dat', withEntries(numbered(20, 100), ['new@example.ac.uk', 'x']));
    expect(await run(hub, 'build'), 'an addition asks nothing').toMatchObject({ status: 3, stderr: '' });
    hub.put('in/t.dat', numbered(21, 100));
    const asks = await run(hub, 'build');
    expect(asks.stderr).toContain('t: held: 21 of 100 entries removed');
    expect(asks.stderr).toContain('20 entries would go that ');
    expect(await run(hub, 'reject', 't', '-r', 'x', '--digest', '0123456789ab')).toMatchObject({ status: 3 });
    expect(await run(hub, 'reject', 't')).toMatchObject({ status: 64 });
  });

  test('what was refused does not go by itself, whatever the guard says later; once mended, it is forgotten', async () => {
    const hub = await heldHub('max_removed = "15%"');
    await run(hub, 'reject', 't', '--reason', 'ticket 4711');
    // A larger limit: the guard alone would let it pass now.
    hub.configure(fileFed('t', 'max_removed = "50%"'));
    const { status, stdout, stderr } = await run(hub, 'build');
    expect({ status, stderr }).toEqual({ status: 3, stderr: '' });
    expect(stdout).toMatch(/20 entries would go that .* refused to let go: ticket 4711/);
    expect(hub.exim('t')).toEqual(numbered(0, 100));

    hub.put('in/t.dat', numbered(0, 100));
    expect((await run(hub, 'build')).status).toBe(0);
    hub.put('in/t.dat', numbered(20, 100));
    expect(await run(hub, 'build')).toMatchObject({ status: 0, stderr: '' });
    expect(hub.exim('t')).toEqual(numbered(20, 100));
  });

  test.each([
    ['the reason', 't.json', 'no JSON'],
    ['the entries', 't.dat', undefined],
  ])('a refusal of which %s is lost is one all the same', async (_, file, content) => {
    const hub = await heldHub('max_removed = "15%"');
    await run(hub, 'reject', 't', '--reason', 'ticket 4711');
    if (content === undefined) rmSync(hub.at(`state/rejections/${file}`));
    else hub.put(`state/rejections/${file}`, content);
    hub.configure(fileFed('t', 'max_removed = "50%"'));
    expect(await run(hub, 'build')).toMatchObject({ status: 3 });
    expect(hub.exim('t')).toEqual(numbered(0, 100));
    const { digest } = await reviewed(hub);
    expect((await approve(hub, digest)).status).toBe(0);
    expect(await run(hub, 'build')).toMatchObject({ status: 0, stderr: '' });
  });

  test('and an approval of the same is another decision', async () => {
    const hub = await heldHub();
    await run(hub, 'reject', 't', '--reason', 'not yet');
    const { digest, rejection } = await reviewed(hub);
    expect(rejection).toMatchObject({ why: 'not yet' });
    expect((await approve(hub, digest)).status).toBe(0);
    expect(existsSync(hub.at('state/rejections/t.json'))).toBe(false);
    expect(await run(hub, 'build')).toMatchObject({ status: 0, stderr: '' });
  });

  test('a table that is not held: wrong usage', async () => {
    expect(await run(await hubOf(), 'reject', 't', '--reason', 'x')).toMatchObject({
      status: 64,
      stderr: expect.stringContaining('t is not held'),
    });
  });
});

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

async function parsed(csv: string): Promise<Record<string, string>[]> {
  return new Promise((resolve, reject) => {
    const rows: Record<string, string>[] = [];
    parseString<Record<string, string>, Record<string, string>>(csv, { headers: true })
      .on('data', (row: Record<string, string>) => rows.push(row))
      .on('error', reject)
      .on('end', () => resolve(rows));
  });
}
