import fc from 'fast-check';
import { expect } from 'vitest';
import type { DirectorySettings } from '../../../src/ldap/types.ts';
import { Runs } from './runs.ts';
import type { World } from './world.ts';

const change = fc.record({ kind: fc.nat(12), a: fc.nat(50), b: fc.nat(50) });
/** The changes before each extraction. */
const steps = fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 });

interface Place {
  readonly settings: DirectorySettings;
  /** A world below the settings' base. */
  readonly world: World;
  /** For a world that goes on changing while it is read: lets it rest. */
  readonly rest?: (isResting: boolean) => void;
}

/**
 * Lets a world change at random, and extracts in between: what the deltas come to is what one search of everything finds, but for
 * deletions that are not told of.
 *
 * @param count how many sequences; `LONG_RUN=20` tries twenty times as many
 */
export async function checkDeltas(count: number, start: () => Promise<Place>): Promise<void> {
  const property = fc.asyncProperty(steps, async (sequence) => {
    const { settings, world, rest } = await start();
    const runs = new Runs(settings);
    expect((await runs.next()).mode).toBe('full');
    let deletionsSeen = true;
    const run = async () => {
      const extraction = await runs.next();
      // What was missed once is found by the next full extraction only.
      deletionsSeen = extraction.mode === 'full' || (deletionsSeen && extraction.deletionsSeen);
    };
    for (const changes of sequence) {
      for (const { kind, a, b } of changes) await world.change(kind, a, b);
      await run();
      rest?.(true);
      if (rest !== undefined) await run();
      const isKnown = (line: string) => deletionsSeen || !world.deleted.has(line.split(' ')[1] ?? '');
      expect(runs.contents.filter(isKnown)).toEqual(await runs.fresh());
      rest?.(false);
    }
  });
  await fc.assert(property, { numRuns: count * Number(process.env.LONG_RUN ?? 1), endOnFailure: true });
}
