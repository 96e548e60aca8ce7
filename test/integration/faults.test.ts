import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RunLock } from '../../src/state/lock.ts';
import { Program, type RunOptions } from '../cli/program.ts';
import { directoryFed, fileFed, Hub, keptByHand, numbered } from '../tables/hub.ts';

const program = Program.forFile();

const isRoot = process.getuid?.() === 0;
/** Some user without rights of any kind, and a group that is nobody's. */
const nobody = 65_534;
const group = 4_242;
const asNobody: RunOptions = {
  under: isRoot ? ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, `--groups=${group}`] : [],
};

const build = (hub: Hub, options: RunOptions = {}, ...args: readonly string[]) =>
  program.run(['build', '--config', hub.configFile, ...args], options);

/** A hub with a large and a small published table, and new entries for both. */
async function grown(): Promise<Hub> {
  const hub = new Hub();
  hub.configure(fileFed('large') + fileFed('small'));
  hub.put('in/large.dat', numbered(0, 10));
  hub.put('in/small.dat', numbered(0, 10));
  await hub.build();
  hub.put('in/large.dat', numbered(0, 8_000));
  hub.put('in/small.dat', numbered(0, 20));
  return hub;
}

const faultOfTheProgram = /fault of the program|\n +at /;

/** A disk of its own, until the test ends. */
function mountSmall(path: string, size: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]);
  onTestFinished(() => {
    execFileSync('umount', [path]);
  });
}

/** Writes until there is no room left. */
function fill(path: string): void {
  const descriptor = openSync(path, 'w');
  try {
    for (;;) writeSync(descriptor, Buffer.alloc(4096));
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  } finally {
    closeSync(descriptor);
  }
}

describe('a full disk', () => {
  async function fails(hub: Hub, options: RunOptions): Promise<void> {
    const before = hub.stamps();
    const { status, stdout, stderr } = await build(hub, options);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^large: failed/m);
    expect(stdout).toMatch(/^small: published/m);
    expect(stderr).toMatch(
      /^large: failed: .*large.*(no space left on device \(ENOSPC\)|file too large \(EFBIG\))$/m,
    );
    expect(stderr).not.toMatch(faultOfTheProgram);
    const after = hub.stamps();
    for (const name of ['large', 'large.dat']) expect(after[name]).toBe(before[name]);
    expect(hub.exim('large')).toEqual(numbered(0, 10));
    expect(hub.exim('small')).toEqual(numbered(0, 20));
    expect(hub.files(), 'nothing half-written stays').toEqual(['large', 'large.dat', 'small', 'small.dat']);
  }

  test('the table that has no room fails alone', async () => {
    const hub = new Hub();
    if (isRoot) mountSmall(hub.tablesDir, '400k');
    hub.configure(fileFed('large') + fileFed('small'));
    hub.put('in/large.dat', numbered(0, 10));
    hub.put('in/small.dat', numbered(0, 10));
    await hub.build();
    hub.put('in/large.dat', numbered(0, 8_000));
    hub.put('in/small.dat', numbered(0, 20));
    await fails(hub, isRoot ? {} : { under: ['prlimit', '--fsize=300000'] });
  });

  test.each([
    ['the .dat', 300_000],
    ['the dbm file', 500_000],
  ])('so does one that is larger than a file may be: %s', async (_, limit) => {
    await fails(await grown(), { under: ['prlimit', `--fsize=${limit}`] });
  });

  test("the state's: the tables are published, status 1 with its path, and the next run remembers again", async () => {
    const hub = await grown();
    hub.put('in/large.dat', numbered(0, 20));
    if (isRoot) {
      mountSmall(hub.stateDir, '256k');
      fill(hub.at('state/filler'));
    }
    const { status, stderr } = await build(hub, isRoot ? {} : { under: ['prlimit', '--fsize=0'] });
    expect(status).toBe(1);
    expect(stderr).toContain(`nothing of this run is remembered: ${hub.stateDir}`);
    expect(stderr).not.toMatch(faultOfTheProgram);
    if (isRoot) expect(hub.exim('large')).toEqual(numbered(0, 20));
    rmSync(hub.at('state/filler'), { force: true });
    expect(await build(hub)).toMatchObject({ status: 0, stderr: '' });
    expect(hub.exim('large')).toEqual(numbered(0, 20));
    expect(hub.remembered('large')).toMatchObject({ entries: 20 });
  });
});

describe('rights', () => {
  /** Lets the unprivileged user do everything on a hub that it needs to. */
  function give(hub: Hub): void {
    if (isRoot) execFileSync('chown', ['-R', `${nobody}:${nobody}`, hub.folder]);
  }

  test('tables_dir without write permission: status 1, its path and the reason, and nothing has changed', async () => {
    const hub = await grown();
    give(hub);
    chmodSync(hub.tablesDir, 0o555);
    const before = hub.stamps();
    const { status, stdout, stderr } = await build(hub, asNobody);
    expect(status).toBe(1);
    for (const name of ['large', 'small']) {
      expect(stdout).toMatch(new RegExp(`^${name}: failed`, 'm'));
      expect(stderr).toMatch(
        new RegExp(`^${name}: failed: ${hub.tablesDir}.*permission denied \\(EACCES\\)$`, 'm'),
      );
    }
    expect(stderr).not.toMatch(faultOfTheProgram);
    expect(hub.stamps()).toEqual(before);
    chmodSync(hub.tablesDir, 0o755);
    expect((await build(hub, asNobody)).status).toBe(0);
  });

  test('with the leftovers of a killed run in it: no other', async () => {
    const hub = await grown();
    hub.put('etc/.mailhub-tables.large.new', 'left');
    give(hub);
    chmodSync(hub.tablesDir, 0o555);
    const { status, stderr } = await build(hub, asNobody);
    expect(status).toBe(1);
    expect(stderr).toContain(hub.tablesDir);
    expect(stderr).toMatch(/permission denied|EACCES/);
    expect(stderr).not.toMatch(faultOfTheProgram);
    chmodSync(hub.tablesDir, 0o755);
  });

  test.each(['large', 'large.dat'])(
    'a file that can not be read concerns its table only: %s',
    async (file) => {
      const hub = await grown();
      give(hub);
      chmodSync(hub.at(`etc/${file}`), 0);
      const before = hub.stamps();
      const { status, stdout, stderr } = await build(hub, asNobody);
      expect(status).toBe(1);
      expect(stdout).toMatch(/^small: published/m);
      expect(stderr).toMatch(
        new RegExp(`^large: failed: ${hub.at(`etc/${file}`)}: permission denied \\(EACCES\\)$`, 'm'),
      );
      for (const name of ['large', 'large.dat']) expect(hub.stamps()[name]).toBe(before[name]);
    },
  );

  test('a source that can not be read is a failed source: status 4', async () => {
    const hub = await grown();
    give(hub);
    chmodSync(hub.at('in/large.dat'), 0);
    const { status, stdout, stderr } = await build(hub, asNobody);
    expect(status).toBe(4);
    expect(stdout).toMatch(/^small: published/m);
    expect(stderr).toMatch(new RegExp(`^large: failed: ${hub.at('in/large.dat')}: permission denied`, 'm'));
  });

  test('a memory that can not be written: every table is published, and status 1 tells of it', async () => {
    const hub = await grown();
    for (const name of ['large', 'small']) hub.put(`in/${name}.dat`, numbered(0, 10));
    give(hub);
    expect((await build(hub, asNobody)).stdout).toMatch(/large: unchanged.*\nsmall: unchanged/);
    hub.put('in/large.dat', numbered(0, 20));
    chmodSync(hub.at('state/state.sqlite'), 0o444);
    const { status, stdout, stderr } = await build(hub, asNobody);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^large: published.*\nsmall: unchanged/m);
    expect(stderr).toContain(`nothing of this run is remembered: ${hub.at('state/state.sqlite')}: `);
    expect(stderr).not.toMatch(faultOfTheProgram);
    expect(hub.exim('large')).toEqual(numbered(0, 20));
    chmodSync(hub.at('state/state.sqlite'), 0o644);
    expect(await build(hub, asNobody)).toMatchObject({ status: 0, stderr: '' });
  });

  test('a state folder that can not be written: the tables are published, and two runs shut each other out', async () => {
    const hub = await grown();
    give(hub);
    for (const path of ['state/lock.sqlite', 'state/state.sqlite']) chmodSync(hub.at(path), 0o444);
    chmodSync(hub.stateDir, 0o555);
    const { status, stdout, stderr } = await build(hub, asNobody);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^large: published.*\n(?: {2}.*\n)*small: published/m);
    expect(stderr).toContain(hub.stateDir);
    expect(stderr).not.toMatch(faultOfTheProgram);
    expect(hub.exim('large')).toEqual(numbered(0, 8_000));

    const lock = RunLock.acquire(hub.stateDir, hub.tablesDir);
    const second = await build(hub, asNobody);
    lock.release();
    expect(second).toMatchObject({ status: 5, stdout: '' });
    chmodSync(hub.stateDir, 0o755);
  });

  test('nor one that can be written to nowhere: without a lock nothing is touched', async () => {
    const hub = await grown();
    give(hub);
    for (const path of ['state/lock.sqlite', 'state/state.sqlite']) chmodSync(hub.at(path), 0o444);
    for (const path of [hub.stateDir, hub.tablesDir]) chmodSync(path, 0o555);
    const before = hub.stamps();
    const { status, stdout, stderr } = await build(hub, asNobody);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(hub.stateDir);
    expect(stderr).not.toMatch(faultOfTheProgram);
    expect(hub.stamps()).toEqual(before);
    for (const path of [hub.stateDir, hub.tablesDir]) chmodSync(path, 0o755);
  });
});

describe('a target that is a directory', () => {
  test.each(['large', 'large.dat'])(
    '%s: status 1, its path, and the other tables are published',
    async (file) => {
      const hub = await grown();
      rmSync(hub.at(`etc/${file}`));
      hub.makeDirectory(`etc/${file}`);
      hub.put(`etc/${file}/precious`, 'do not remove');
      const before = hub.stamps();
      const { status, stdout, stderr } = await build(hub);
      expect(status).toBe(1);
      expect(stdout).toMatch(/^small: published/m);
      expect(stderr).toMatch(new RegExp(`^large: failed: ${hub.at(`etc/${file}`)}: .*directory`, 'm'));
      expect(stderr).not.toMatch(faultOfTheProgram);
      for (const name of ['large', 'large.dat', `${file}/precious`])
        expect(hub.stamps()[name]).toBe(before[name]);
      expect(hub.files()).toEqual(['large', 'large.dat', 'small', 'small.dat']);
    },
  );

  test('a new table whose place is taken by one', async () => {
    const hub = new Hub();
    hub.configure(fileFed('new'));
    hub.put('in/new.dat', numbered(0, 3));
    hub.makeDirectory('etc/new');
    const { status, stderr } = await build(hub);
    expect(status).toBe(1);
    expect(stderr).toMatch(new RegExp(`^new: failed: ${hub.at('etc/new')}: .*directory`, 'm'));
    expect(hub.files()).toEqual(['new']);
  });

  test('the place of the candidate', async () => {
    const hub = await grown();
    hub.makeDirectory('etc/large_tmp.dat');
    hub.put('in/large.dat', numbered(0, 1));
    const { status, stdout, stderr } = await build(hub);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^small: published/m);
    expect(stderr).toMatch(new RegExp(`^large: failed: ${hub.at('etc/large_tmp.dat')}: .*directory`, 'm'));
    expect(hub.exim('large')).toEqual(numbered(0, 10));
  });
});

describe('who owns the files', () => {
  const owner = (hub: Hub, file: string) => {
    const { uid, gid, mode } = statSync(hub.at(`etc/${file}`));
    return { uid, gid, mode: (mode & 0o7777).toString(8) };
  };
  const files = ['exch_table', 'exch_table.dat'];

  async function published(): Promise<Hub> {
    const hub = new Hub();
    hub.configure(directoryFed('exch_table'));
    await hub.serve(numbered(0, 10));
    await hub.build();
    await hub.serve(numbered(0, 11));
    return hub;
  }

  test('owner, group and mode of a file that is replaced are kept', async () => {
    const hub = await published();
    const uid = isRoot ? 1234 : (process.getuid?.() ?? 0);
    const gid = isRoot ? group : (process.getgid?.() ?? 0);
    for (const file of files) chownSync(hub.at(`etc/${file}`), uid, gid);
    chmodSync(hub.at('etc/exch_table'), 0o440);
    chmodSync(hub.at('etc/exch_table.dat'), 0o660);
    expect((await build(hub)).status).toBe(0);
    expect(hub.exim('exch_table')).toEqual(numbered(0, 11));
    expect(owner(hub, 'exch_table')).toEqual({ uid, gid, mode: '440' });
    expect(owner(hub, 'exch_table.dat')).toEqual({ uid, gid, mode: '660' });

    await hub.serve(numbered(0, 5));
    expect((await build(hub)).status).toBe(3);
    expect(owner(hub, 'exch_table_tmp.dat'), 'the candidate is no more open than the table').toEqual({
      uid,
      gid,
      mode: '660',
    });
  });

  test('by an ordinary user too, as far as its rights go: the group, not the owner', async () => {
    const hub = await published();
    const uid = isRoot ? nobody : (process.getuid?.() ?? 0);
    const gid = isRoot ? group : (process.getgid?.() ?? 0);
    if (isRoot) execFileSync('chown', ['-R', `${nobody}:${nobody}`, hub.folder]);
    for (const file of files) {
      chownSync(hub.at(`etc/${file}`), isRoot ? 0 : uid, gid);
      chmodSync(hub.at(`etc/${file}`), 0o640);
    }
    expect((await build(hub, asNobody)).status).toBe(0);
    for (const file of files) expect(owner(hub, file)).toEqual({ uid, gid, mode: '640' });
  });

  test.each([
    ['022', '644'],
    ['027', '640'],
    ['077', '600'],
    ['000', '644'],
  ])('a new file is 0644 less the umask %s', async (umask, mode) => {
    const hub = new Hub();
    hub.configure(fileFed('new') + keptByHand('local_domains'));
    hub.put('in/new.dat', numbered(0, 3));
    hub.put('etc/local_domains.dat', 'example.ac.uk:\n');
    const under = ['sh', '-c', `umask ${umask}; exec "$@"`, 'sh'];
    expect((await build(hub, { under })).status).toBe(0);
    for (const file of ['new', 'new.dat', 'local_domains']) expect(owner(hub, file).mode).toBe(mode);
  });
});
