import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Program, type RunOptions } from '../cli/program.ts';
import { fileFed, Hub, numbered } from '../tables/hub.ts';

const program = Program.forFile();
const entries = numbered(0, 250_000);

/** A hub with a table whose files are worth a thread each, and further tables. */
function hubWith(...others: readonly string[]): Hub {
  const hub = new Hub();
  hub.configure(['large', ...others].map((name) => fileFed(name)).join(''));
  hub.put('in/large.dat', new Map([...entries].reverse()));
  for (const name of others) hub.put(`in/${name}.dat`, numbered(0, 10, 'other'));
  return hub;
}

/** Of 512 bytes: more than the `.dat` has, and less than the dbm file. */
const BLOCKS = 30_000;

const build = (hub: Hub, options?: RunOptions) => program.run(['build', '--config', hub.configFile], options);

test('two threads write the same files of a table as one', async () => {
  const alone = hubWith();
  const together = hubWith('small');
  for (const hub of [alone, together]) expect(await build(hub)).toMatchObject({ status: 0, stderr: '' });
  for (const name of ['large', 'large.dat']) {
    const isSame = readFileSync(alone.at(`etc/${name}`)).equals(readFileSync(together.at(`etc/${name}`)));
    expect(isSame, name).toBe(true);
  }
  expect((await build(alone)).stdout).toMatch(/^large: unchanged/m);
});

test('where one of them fails, nothing is left of what the other wrote', async () => {
  const hub = hubWith();
  const under = ['sh', '-c', `ulimit -f ${BLOCKS}; exec "$@"`, 'sh'];
  const { status, stderr } = await build(hub, { under });
  expect(stderr).toMatch(/^large: failed: .*\.large\.new: file too large/m);
  expect(status).toBe(1);
  expect(hub.files()).toEqual([]);
});
