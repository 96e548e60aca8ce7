import { expect, test } from 'vitest';
import { Program } from '../cli/program.ts';
import { datOf, type Entries, fileFed, Hub, numbered } from '../tables/hub.ts';

const program = Program.forFile();

/** Large enough for a thread of its own. */
const large = numbered(0, 60_000);
const names = ['one', 'two', 'three'];

function hubWithLargeTables(entries: Entries): Hub {
  const hub = new Hub();
  const tables = [...names, 'small'].map((name) => fileFed(name)).join('');
  hub.configure(`${tables}[cross_checks]\nduplicates = "off"\n`);
  const text = datOf(entries);
  for (const name of names) hub.put(`in/${name}.dat`, text);
  hub.put('in/small.dat', numbered(0, 10));
  return hub;
}

const build = (hub: Hub, options = {}) => program.run(['build', '--config', hub.configFile], options);

test('tables that have threads of their own come out the same', async () => {
  const hub = hubWithLargeTables(large);
  expect(await build(hub)).toMatchObject({ status: 0, stderr: '' });
  const inThisThread = hubWithLargeTables(large);
  await inThisThread.build();
  expect(hub.text('etc/one.dat')).toBe(datOf(large));
  for (const file of hub.files()) {
    expect(hub.text(`etc/${file}`) === inThisThread.text(`etc/${file}`), file).toBe(true);
  }
  const { '.': _, ...before } = hub.stamps();
  expect((await build(hub)).stdout).not.toContain('published');
  expect(hub.stamps()).toMatchObject(before);
});

test('what fails in a thread is told as plainly as elsewhere, and stops no other table', async () => {
  const hub = hubWithLargeTables(large);
  const { status, stdout, stderr } = await build(hub, { under: ['prlimit', '--fsize=1000000'] });
  expect(status).toBe(1);
  expect(stdout).toMatch(/^small: published/m);
  for (const name of names) {
    expect(stderr).toMatch(
      new RegExp(`^${name}: failed: ${hub.tablesDir}.*${name}.*: file too large \\(EFBIG\\)$`, 'm'),
    );
  }
  expect(hub.files()).toEqual(['small', 'small.dat']);
});

test('threads that die are failures of their tables, and the run comes to its end', async () => {
  const hub = hubWithLargeTables(large);
  hub.put(
    'in/dying.mjs',
    `import { isMainThread, parentPort } from 'node:worker_threads';
     if (!isMainThread) parentPort.on('message', () => { throw new Error('out of breath'); });`,
  );
  const { status, stdout, stderr } = await build(hub, { preload: hub.at('in/dying.mjs') });
  expect(status).toBe(1);
  expect(stdout).toMatch(/^small: published/m);
  for (const name of names) expect(stderr).toMatch(new RegExp(`^${name}: failed: .*out of breath`, 'm'));
  expect(hub.files()).toEqual(['small', 'small.dat']);
});
