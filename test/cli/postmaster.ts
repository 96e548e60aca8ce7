import { expect } from 'vitest';
import { fileFed, Hub, numbered } from '../tables/hub.ts';
import { type Outcome, Program, type RunOptions } from './program.ts';

/** What `review --json` says of a table. */
interface Shown {
  readonly digest: string;
  readonly [key: string]: unknown;
}

/** A hub whose table `t`, fed by a file, has a hundred published entries. */
export async function publishedHub(guard = 'max_removed = 5', more = ''): Promise<Hub> {
  const hub = new Hub();
  hub.configure(more + fileFed('t', guard));
  hub.put('in/t.dat', numbered(0, 100));
  await hub.build();
  return hub;
}

/** What a postmaster does at a hub, in the tests of one file: the program is installed before them, and goes after them. */
export function postmaster() {
  const program = Program.forFile();

  const runWith = (options: RunOptions, hub: Hub, ...args: readonly string[]): Promise<Outcome> =>
    program.run([...args, '--config', hub.configFile], options);
  const run = (hub: Hub, ...args: readonly string[]): Promise<Outcome> => runWith({}, hub, ...args);

  return {
    run,
    runWith,
    /** The published hub, now held: twenty entries would go. */
    async heldHub(guard?: string, more?: string): Promise<Hub> {
      const hub = await publishedHub(guard, more);
      hub.put('in/t.dat', numbered(20, 100));
      expect((await run(hub, 'build')).status).toBe(3);
      return hub;
    },
    async reviewed(hub: Hub, table = 't'): Promise<Shown> {
      const { stdout } = await run(hub, 'review', table, '--json');
      return JSON.parse(stdout).held[0];
    },
    approve: (hub: Hub, digest: string, ...args: readonly string[]): Promise<Outcome> =>
      run(hub, 'approve', 't', '--digest', digest, ...args),
  };
}
