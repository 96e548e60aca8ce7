import fc from 'fast-check';
import { afterEach, beforeEach, test, vi } from 'vitest';
import type { Fault } from '../../../fixtures/server/fault.ts';
import { Story, tables } from './story.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const happening = fc.record({ kind: fc.nat(24), a: fc.nat(50), b: fc.nat(50) });
const hour = fc.record({
  happenings: fc.array(happening, { minLength: 1, maxLength: 3 }),
  run: fc.constantFrom(
    ...(['as ever', 'as ever', 'as ever', 'twice', 'twice', 'full', 'one table', 'dry', 'forced'] as const),
    ...(['broken off', 'no directory'] as const),
  ),
  table: fc.constantFrom(...tables),
});

/** What the directory does during some of the runs. */
const faults: Readonly<Record<string, Fault | undefined>> = {
  'broken off': { kind: 'drop', page: 1 },
  'no directory': { kind: 'close' },
};

test('whatever happens to a hub, no address is lost, and every table is what its run says', async () => {
  const property = fc.asyncProperty(fc.array(hour, { minLength: 8, maxLength: 16 }), async (hours) => {
    const story = await Story.begin();
    story.check(await story.run(), true);
    for (const { happenings, run, table } of hours) {
      for (const { kind, a, b } of happenings) await story.happen(kind, a, b);
      const options = {
        full: run === 'full',
        force: run === 'forced',
        dryRun: run === 'dry',
        tables: run === 'one table' ? [table] : undefined,
      };
      const report = await story.run(options, faults[run]);
      if (run === 'dry') continue;
      story.check(report);
      if (run === 'twice') story.check(await story.run());
    }
    await story.end();
  });
  await fc.assert(property, { numRuns: 2 * Number(process.env.LONG_RUN ?? 1), endOnFailure: true });
});
