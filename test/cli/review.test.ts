import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { parseString } from 'fast-csv';
import { describe, expect, test } from 'vitest';
import { RunLock } from '../../src/state/lock.ts';
import { datOf, fileFed, numbered, withEntries } from '../tables/hub.ts';
import { postmaster, publishedHub } from './postmaster.ts';

const { run, runWith, heldHub, reviewed, approve } = postmaster();

describe('review', () => {
  test('of nothing: status 0', async () => {
    const hub = await publishedHub();
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
    const hub = await publishedHub('max_removed = 5, max_removed_per_domain = "50%"');
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
    const hub = await publishedHub();
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
    const hub = await publishedHub('max_removed = 5', fileFed('o365'));
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

  test('who may not read what is held is told so, not that nothing is', async () => {
    const hub = await heldHub();
    const isRoot = process.getuid?.() === 0;
    const under = isRoot ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
    chmodSync(hub.at('state/held'), isRoot ? 0o700 : 0);
    const outcome = await runWith({ under }, hub, 'review');
    chmodSync(hub.at('state/held'), 0o755);
    expect(outcome).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('EACCES') });
  });
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
