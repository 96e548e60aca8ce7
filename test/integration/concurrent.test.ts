import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { outcomeOf, Program } from '../cli/program.ts';
import { datOf, fileFed, Hub, numbered } from '../tables/hub.ts';

const program = Program.forFile();

const entries = numbered(0, 20);

/** A hub whose last source is a pipe: a run that has come to it waits there, in the midst of its work, for what we write. */
async function slowHub() {
  const hub = new Hub();
  hub.configure(fileFed('quick') + fileFed('slow'));
  hub.put('in/quick.dat', entries);
  hub.put('in/slow.dat', numbered(0, 20, 'slow'));
  await hub.build();
  hub.put('in/quick.dat', numbered(0, 30));
  execFileSync('rm', [hub.at('in/slow.dat')]);
  execFileSync('mkfifo', [hub.at('in/slow.dat')]);

  const args = ['build', '--config', hub.configFile];
  const first = program.start(args);
  onTestFinished(() => {
    first.kill('SIGKILL');
  });
  const pipe = await open(hub.at('in/slow.dat'), 'w');
  return { hub, args, first, pipe };
}

test('two runs at once: the second ends with status 5 and touches nothing; the first is not disturbed', async () => {
  const { hub, args, first, pipe } = await slowHub();
  const ending = outcomeOf(first);
  const before = hub.stamps('.');
  for (const more of [[], ['--force', '--json'], ['quick']]) {
    const second = await program.run([...args, ...more]);
    expect(second).toMatchObject({ status: 5, stdout: '' });
    expect(second.stderr).toMatch(/another run/);
    expect(hub.stamps('.')).toEqual(before);
  }
  await pipe.writeFile(datOf(numbered(0, 40, 'slow')));
  await pipe.close();
  expect(await ending).toMatchObject({ status: 0, stderr: '' });
  expect(hub.exim('quick')).toEqual(numbered(0, 30));
  expect(hub.exim('slow')).toEqual(numbered(0, 40, 'slow'));
});

test('a run that was killed leaves no lock behind', async () => {
  const { hub, args, first, pipe } = await slowHub();
  expect((await program.run(args)).status).toBe(5);
  const end = once(first, 'close');
  first.kill('SIGKILL');
  await end;
  await pipe.close();
  execFileSync('rm', [hub.at('in/slow.dat')]);
  hub.put('in/slow.dat', numbered(0, 20, 'slow'));
  expect((await program.run(args)).status).toBe(0);
  expect(hub.exim('quick')).toEqual(numbered(0, 30));
});

test('of many runs started together, each publishes or says that another is at work', async () => {
  const hub = new Hub();
  hub.configure(fileFed('quick'));
  hub.put('in/quick.dat', entries);
  const outcomes = await Promise.all(
    Array.from({ length: 6 }, () => program.run(['build', '--config', hub.configFile])),
  );
  const statuses = outcomes.map(({ status }) => status);
  expect(statuses).toContain(0);
  expect(statuses.filter((status) => status !== 0 && status !== 5)).toEqual([]);
  expect(outcomes.filter(({ stdout }) => stdout.includes('published'))).toHaveLength(1);
  expect(hub.exim('quick')).toEqual(entries);
});
