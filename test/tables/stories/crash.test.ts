import { cpSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Program } from '../../cli/program.ts';
import { killer, type Moment } from '../../integration/system-calls.ts';
import { keyOf, Story, shown, tables } from './story.ts';

const program = Program.forFile();
const folders = ['etc', 'state'];
const names = [...tables, 'all', 'late'];

/** What Exim finds, but for the times of those that are late. */
function everything({ hub }: Story): Record<string, Map<string, string>> {
  return Object.fromEntries(
    names.map((name) => {
      const entries = [...shown(hub, name)];
      return [name, new Map(entries.map(([key, value]) => [key, name === 'late' ? '' : value]))];
    }),
  );
}

/** Puts the hub's folders aside, or back. */
function copy({ hub }: Story, from: string, to: string): void {
  for (const folder of folders) {
    rmSync(hub.at(to + folder), { recursive: true, force: true });
    cpSync(hub.at(from + folder), hub.at(to + folder), { recursive: true, preserveTimestamps: true });
  }
}

/** Of how many calls one is tried; with `LONG_RUN=60`, each. */
const strides: readonly [Moment['call'], number][] = [
  ['rename', 3],
  ['unlink', 6],
  ['fsync', 16],
  ['write', 60],
];

test('killed at any system call of a run that changes every table: nobody is lost, and the next run ends as that one would have', async () => {
  const story = await Story.begin();
  await story.run();
  await story.override('mix', 'p1@mix', true, false);
  await story.run();
  // Two change places, one moves within his table, and one goes.
  for (const [person, where] of [
    [0, 1],
    [1, 0],
    [2, 0],
  ] as const)
    story.move(person, where);
  story.leave(7);
  copy(story, '', 'before-');
  const whole = await story.run({ full: true });
  expect(whole.tables.map(({ outcome }) => outcome)).toEqual([
    'published',
    'published',
    'published',
    'unchanged',
  ]);
  const wanted = everything(story);

  const args = ['build', '--full', '--config', story.hub.configFile];
  for (const [call, stride] of strides) {
    const step = Math.ceil(stride / Number(process.env.LONG_RUN ?? 1));
    for (let at = 1, isKilled = true; isKilled; at += step) {
      copy(story, 'before-', '');
      const { status, stderr } = await program.run(args, {
        under: killer({ call, at }),
        // Calls are counted in each thread.
        environment: { UV_THREADPOOL_SIZE: '1' },
      });
      isKilled = status === undefined;
      if (at === 1) expect(isKilled, `there is a ${call}: ${stderr}`).toBe(true);
      const people = new Set([...shown(story.hub, 'exch').keys(), ...shown(story.hub, 'o365').keys()]);
      for (const person of story.people.keys()) {
        expect(people, `${call} ${at}`).toContain(keyOf(person));
        expect([...shown(story.hub, 'all').keys()], `${call} ${at}`).toContain(keyOf(person));
      }
      const { derived } = await story.run();
      expect(derived.map(({ outcome }) => outcome)).not.toContain('failed');
      expect(everything(story), `${call} ${at}`).toEqual(wanted);
      const after = await story.run();
      expect(after.tables.map(({ outcome }) => outcome)).not.toContain('published');
    }
  }
});
