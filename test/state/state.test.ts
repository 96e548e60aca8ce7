import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { State } from '../../src/state/state.ts';
import { fileFed, Hub, numbered, withEntries, without } from '../tables/hub.ts';
import { queryState } from './query.ts';

/** A hub with one table, published once. */
async function published(more = ''): Promise<Hub> {
  const hub = new Hub();
  hub.configure(`${fileFed('t')}${more}`);
  hub.put('in/t.dat', numbered(0, 100));
  await hub.build();
  return hub;
}

const text = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes).toString();

test('every run, and every entry that it changed, is remembered; the first publication is one outcome', async () => {
  const hub = await published();
  const [[gone]] = numbered(0, 1);
  const next = withEntries(
    without(numbered(0, 100), gone),
    ['user000001@example.ac.uk', 'elsewhere@example.ac.uk'],
    ['new@example.ac.uk', 'box@example.ac.uk'],
  );
  hub.put('in/t.dat', next);
  await hub.build();
  await hub.build();
  await hub.build({ dryRun: true });

  const runs = queryState<{ command: string; who: string; result: string }>(
    hub.stateDir,
    'SELECT command, who, result, ended_at >= started_at AS ended FROM runs ORDER BY id',
  );
  expect(runs).toEqual(
    Array.from({ length: 3 }, () => ({
      command: 'build',
      who: expect.stringContaining(`uid ${process.getuid?.()}`),
      result: 'well',
      ended: 1,
    })),
  );
  expect(
    queryState(hub.stateDir, 'SELECT run, outcome, before, after, added, removed, changed FROM outcomes'),
  ).toEqual([
    { run: 1, outcome: 'published', before: null, after: 100, added: 100, removed: 0, changed: 0 },
    { run: 2, outcome: 'published', before: 100, after: 100, added: 1, removed: 1, changed: 1 },
    { run: 3, outcome: 'unchanged', before: 100, after: 100, added: 0, removed: 0, changed: 0 },
  ]);
  const changes = queryState<{ key: Buffer; old_value: Buffer | null; new_value: Buffer | null }>(
    hub.stateDir,
    'SELECT run, kind, key, old_value, new_value FROM changes ORDER BY kind',
  );
  expect(
    changes.map((row) => ({
      ...row,
      key: text(row.key),
      old_value: text(row.old_value),
      new_value: text(row.new_value),
    })),
  ).toEqual([
    { run: 2, kind: 0, key: 'new@example.ac.uk', old_value: null, new_value: 'box@example.ac.uk' },
    { run: 2, kind: 1, key: gone, old_value: 'box000000@mail.example.ac.uk', new_value: null },
    {
      run: 2,
      kind: 2,
      key: 'user000001@example.ac.uk',
      old_value: 'box000001@mail.example.ac.uk',
      new_value: 'elsewhere@example.ac.uk',
    },
  ]);
});

test('what is older than keep_history is forgotten', async () => {
  const hub = await published();
  hub.put('in/t.dat', numbered(0, 101));
  await hub.build();
  const database = new Database(hub.at('state/state.sqlite'));
  database.prepare('UPDATE runs SET started_at = started_at - 401 * 86400000').run();
  database.close();
  hub.put('in/t.dat', numbered(0, 102));
  await hub.build();

  expect(queryState(hub.stateDir, 'SELECT id FROM runs')).toEqual([{ id: 3 }]);
  for (const table of ['outcomes', 'changes'])
    expect(queryState(hub.stateDir, `SELECT DISTINCT run FROM ${table}`)).toEqual([{ run: 3 }]);
});

test('a state of version 1 is brought up to date, and what it knew is kept', async () => {
  const hub = await published();
  const known = hub.remembered('t');
  const database = new Database(hub.at('state/state.sqlite'));
  for (const table of ['runs', 'outcomes', 'changes', 'origins', 'holds', 'names'])
    database.exec(`DROP TABLE ${table}`);
  database.exec('ALTER TABLE published DROP COLUMN dat_sum');
  database.pragma('user_version = 1');
  database.close();

  expect(await hub.build()).toMatchObject({ warnings: [], stateTrouble: undefined });
  expect(hub.remembered('t')).toEqual(known);
  expect(queryState(hub.stateDir, 'SELECT outcome FROM outcomes')).toEqual([{ outcome: 'unchanged' }]);
});

test.each([
  ['of a later version', (path: string) => pragma(path, 'user_version = 9')],
  ['that is no database', (path: string) => writeFileSync(path, 'far from it'.repeat(1000))],
  ['with damaged bytes', scramble],
  ['without a table', (path: string) => run(path, 'DROP TABLE outcomes')],
  ['with a table of another kind', (path: string) => run(path, 'ALTER TABLE runs DROP COLUMN who')],
])('a state %s is moved aside, named, begun again, and stops no table', async (_, damage) => {
  const hub = await published();
  hub.put('in/t.dat', numbered(0, 110));
  await hub.build();
  damage(hub.at('state/state.sqlite'));
  const next = numbered(0, 120);
  hub.put('in/t.dat', next);

  const report = await hub.build();
  expect(report).toMatchObject({ tables: [{ outcome: 'published' }], stateTrouble: undefined });
  expect(hub.exim('t')).toEqual(next);
  const [aside] = readdirSync(hub.stateDir).filter((name) => name.startsWith('state.sqlite.damaged-'));
  expect(report.warnings).toEqual([expect.stringContaining(join(hub.stateDir, String(aside)))]);
  expect(await hub.build()).toMatchObject({ warnings: [], tables: [{ outcome: 'unchanged' }] });
});

test('a folder that is not there stops no table', async () => {
  const hub = await published();
  hub.put('in/t.dat', numbered(0, 120));
  const state = State.open(hub.at('nowhere'));
  expect(state.trouble).toContain(hub.at('nowhere'));
  state.intend(new Map([['t', 'digest']]));
  expect(state.intended('t')).toBe('digest');
  state.close();
});

function pragma(path: string, text: string): void {
  const database = new Database(path);
  database.pragma(text);
  database.close();
}

function run(path: string, sql: string): void {
  const database = new Database(path);
  database.exec(sql);
  database.close();
}

/** Writes over everything but the first page, which says what the file is. */
function scramble(path: string): void {
  const database = new Database(path);
  const size = Number(database.pragma('page_size', { simple: true }));
  database.close();
  const bytes = Buffer.alloc(size * 30, 0x5a);
  writeFileSync(path, Buffer.concat([firstPage(path, size), bytes]));
}

function firstPage(path: string, size: number): Uint8Array {
  const database = new Database(path, { readonly: true });
  const page = database.serialize().subarray(0, size);
  database.close();
  return page;
}
