import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fileFed, Hub, keptByHand } from '../tables/hub.ts';
import { type Outcome, Program, type RunOptions } from './program.ts';

const program = Program.forFile();

const lookup = (hub: Hub, args: readonly string[], options: RunOptions = {}): Promise<Outcome> =>
  program.run(['lookup', '--config', hub.configFile, ...args], options);

/** Three tables, configured in another order than the alphabet's. */
async function hubWithTables(): Promise<Hub> {
  const hub = new Hub();
  hub.configure(fileFed('o365_table') + fileFed('exch_table') + keptByHand('local_domains'));
  hub.put(
    'in/o365_table.dat',
    'both@example.ac.uk: both@tenant.example\ncloud@example.ac.uk: shared@tenant.example\n',
  );
  hub.put(
    'in/exch_table.dat',
    'Both@Example.AC.UK: both@exch.example\nlocal@example.ac.uk: box@exch.example\nalias@example.ac.uk: box@exch.example\n' +
      'z\u00fcrich@example.ac.uk: zh@exch.example\nZ\u00dcRICH@example.ac.uk: zh2@exch.example\nfull@example.ac.uk: shared@tenant.example\n',
  );
  hub.put('etc/local_domains.dat', 'example.ac.uk:\n');
  await hub.build();
  return hub;
}

describe('an address', () => {
  test('is answered by every table that has it, in the order of the configuration', async () => {
    expect(await lookup(await hubWithTables(), ['both@example.ac.uk'])).toEqual({
      status: 0,
      stdout:
        'both@example.ac.uk: o365_table: both@tenant.example\nboth@example.ac.uk: exch_table: both@exch.example\n',
      stderr: '',
    });
  });

  test('may be in upper case, of which ASCII alone is folded', async () => {
    const hub = await hubWithTables();
    expect(await lookup(hub, ['LOCAL@Example.Ac.UK'])).toMatchObject({
      status: 0,
      stdout: 'LOCAL@Example.Ac.UK: exch_table: box@exch.example\n',
    });
    expect((await lookup(hub, ['Z\u00dcRICH@EXAMPLE.ac.uk'])).stdout).toContain(': zh2@exch.example\n');
    expect((await lookup(hub, ['z\u00fcrich@EXAMPLE.ac.uk'])).stdout).toContain(': zh@exch.example\n');
    const { status } = await lookup(hub, ['cloud@e\u212aample.ac.uk', '\u212alocal@example.ac.uk']);
    expect(status, 'a kelvin sign is no k').toBe(2);
  });

  test('that is in no table: status 2, and a word on what routers may do besides', async () => {
    const { status, stdout, stderr } = await lookup(await hubWithTables(), ['nobody@example.ac.uk']);
    expect(status).toBe(2);
    expect(stdout).toBe('nobody@example.ac.uk: not found\n');
    expect(stderr).toMatch(/partial lookups, affixes/);
    expect(stderr).toContain('exim -bt nobody@example.ac.uk');
  });

  test('one that is not found among several makes the status 2, and the others are answered', async () => {
    const args = ['local@example.ac.uk', 'nobody@example.ac.uk', 'example.ac.uk'];
    const { status, stdout } = await lookup(await hubWithTables(), args);
    expect(status).toBe(2);
    expect(stdout.split('\n')).toEqual([
      'local@example.ac.uk: exch_table: box@exch.example',
      'nobody@example.ac.uk: not found',
      expect.stringMatching(/^example\.ac\.uk: local_domains:\s*$/),
      '',
    ]);
  });

  test('comes a line each from standard input where there is no argument', async () => {
    const hub = await hubWithTables();
    const input = 'local@example.ac.uk\r\n\n  CLOUD@example.ac.uk  \nlocal@example.ac.uk';
    const { status, stdout } = await lookup(hub, [], { input });
    expect(status).toBe(0);
    expect(stdout).toBe(
      'local@example.ac.uk: exch_table: box@exch.example\n' +
        'CLOUD@example.ac.uk: o365_table: shared@tenant.example\n' +
        'local@example.ac.uk: exch_table: box@exch.example\n',
    );
  });

  test('is answered from what Exim reads, not from a .dat that lies beside it', async () => {
    const hub = await hubWithTables();
    hub.put('etc/local_domains.dat', 'new.example.ac.uk:\n');
    expect((await lookup(hub, ['new.example.ac.uk'])).status).toBe(2);
    expect((await lookup(hub, ['example.ac.uk'])).status).toBe(0);
  });
});

describe('--value', () => {
  test('finds every key that has the value, in every table', async () => {
    const hub = await hubWithTables();
    const { status, stdout } = await lookup(hub, ['--value', 'box@exch.example', 'shared@tenant.example']);
    expect(status).toBe(0);
    expect(stdout.trimEnd().split('\n').sort()).toEqual([
      'alias@example.ac.uk: exch_table: box@exch.example',
      'cloud@example.ac.uk: o365_table: shared@tenant.example',
      'full@example.ac.uk: exch_table: shared@tenant.example',
      'local@example.ac.uk: exch_table: box@exch.example',
    ]);
  });

  test('finds no key for what is only a part of a value, or a key', async () => {
    const hub = await hubWithTables();
    for (const value of ['box@exch', 'local@example.ac.uk', 'boxx@exch.example', 'cox@exch.example']) {
      expect(await lookup(hub, ['--value', value])).toMatchObject({
        status: 2,
        stdout: `${value}: not found\n`,
      });
    }
  });
});

test('--json prints one document', async () => {
  const { status, stdout } = await lookup(await hubWithTables(), [
    '--json',
    'both@example.ac.uk',
    'nobody@example.ac.uk',
  ]);
  expect(status).toBe(2);
  expect(JSON.parse(stdout)).toEqual([
    {
      asked: 'both@example.ac.uk',
      found: [
        { table: 'o365_table', key: 'both@example.ac.uk', value: 'both@tenant.example' },
        { table: 'exch_table', key: 'both@example.ac.uk', value: 'both@exch.example' },
      ],
    },
    { asked: 'nobody@example.ac.uk', found: [] },
  ]);
});

test.each([
  ['missing', (path: string) => rmSync(path)],
  ['damaged', (path: string) => writeFileSync(path, 'not a table')],
])('a dbm file that is %s is named, and is no "not found"', async (_, damage) => {
  const hub = await hubWithTables();
  damage(hub.at('etc/o365_table'));
  const { status, stdout, stderr } = await lookup(hub, ['cloud@example.ac.uk', 'local@example.ac.uk']);
  expect(status).toBe(1);
  expect(stdout).toContain('local@example.ac.uk: exch_table: box@exch.example\n');
  expect(stderr).toContain(hub.at('etc/o365_table'));
});

test('a dbm file that is damaged within is named, not taken for a fault of the program', async () => {
  const hub = await hubWithTables();
  const path = hub.at('etc/exch_table');
  const whole = readFileSync(path);
  writeFileSync(path, Buffer.concat([whole.subarray(0, 512), Buffer.alloc(whole.length - 512, 0xa5)]));
  for (const args of [['local@example.ac.uk'], ['--value', 'box@exch.example']]) {
    const { status, stderr } = await lookup(hub, args);
    expect(status).toBe(1);
    expect(stderr).toContain(path);
    expect(stderr).not.toMatch(/fault of the program|\n +at /);
  }
});

test('needs no right to what a directory needs: the password may be out of reach', async () => {
  const hub = await hubWithTables();
  await hub.serve(new Map());
  rmSync(hub.at('secret'));
  expect((await program.run(['build', '--config', hub.configFile])).status).toBe(78);
  expect((await lookup(hub, ['local@example.ac.uk'])).status).toBe(0);
});
