// The state's part of a run, and how it grows: `npx tsx bench/state/main.ts [ENTRIES] [CHANGED] [RUNS]`.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.ts';
import { RunJournal } from '../../src/state/run-journal.ts';
import { State } from '../../src/state/state.ts';
import { build } from '../../src/tables/build.ts';
import { measure, median } from '../measure.ts';
import { quick, report } from '../result.ts';
import { Hub } from './hub.ts';

const [entries = quick ? 100_000 : 1_000_000, changed = entries / 100, runs = quick ? 3 : 7] = process.argv
  .slice(2)
  .map(Number);

/** Milliseconds spent in the state since it was last asked. */
class Clock {
  #spent = 0;

  /** Has every call of a method counted. */
  watch(owner: object, name: string): void {
    const method = Object.getOwnPropertyDescriptor(owner, name);
    const work: unknown = method?.value;
    if (method === undefined || typeof work !== 'function') throw new Error(`there is no ${name}`);
    const clock = this;
    Object.defineProperty(owner, name, {
      ...method,
      value: function (this: unknown, ...args: unknown[]): unknown {
        const started = performance.now();
        try {
          return Reflect.apply(work, this, args);
        } finally {
          clock.#spent += performance.now() - started;
        }
      },
    });
  }

  take(): number {
    const spent = this.#spent;
    this.#spent = 0;
    return spent;
  }
}

const clock = new Clock();
clock.watch(State, 'open');
for (const name of ['published', 'intended', 'intend', 'close']) clock.watch(State.prototype, name);
for (const name of ['published', 'end']) clock.watch(RunJournal.prototype, name);

const work = mkdtempSync(join(tmpdir(), 'bench-state-'));
try {
  const hub = new Hub(work, 'max_removed = "50%"');
  const config = await loadConfig(hub.config);
  const results = { run: [] as number[], cpu: [] as number[], state: [] as number[], grown: [] as number[] };
  hub.put(entries, 0);
  await build(config);
  // In turn what is there goes and comes back: a run of the bundled program, and one in here whose state is on the clock.
  for (let i = 0; i < runs; i++) {
    hub.put(entries, changed);
    const { seconds, cpuSeconds } = measure(hub.command('build'));
    const before = size(hub);
    hub.put(entries, 0);
    clock.take();
    await build(config);
    results.run.push(seconds);
    results.cpu.push(cpuSeconds);
    results.state.push(clock.take() / 1000);
    results.grown.push((size(hub) - before) / changed);
  }
  const run = median(results.run);
  const state = median(results.state);
  report({
    name: 'state',
    title: `The state's part of a run: ${entries} entries, of which ${changed} go or come`,
    command: `npx tsx bench/state/main.ts ${entries} ${changed} ${runs}`,
    columns: ['run s', 'run, processor s', 'state s', 'state / run %', 'bytes an entry'],
    rows: [[run, median(results.cpu), state, (state / run) * 100, median(results.grown)]],
    notes: [
      'Medians. Run: the whole process, bundled, with its threads. State: every call of it in the same run within this process.',
      'Bytes an entry: what state.sqlite grew by for each entry that was recorded; kept candidates and generations are not in it.',
    ],
  });
} finally {
  rmSync(work, { recursive: true, force: true });
}

function size({ stateDir }: Hub): number {
  return statSync(join(stateDir, 'state.sqlite')).size;
}
