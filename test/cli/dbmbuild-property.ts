import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';
import { dbmbuild } from '../../src/cli/dbmbuild/run.ts';
import { datText, datTextAtTheLimits } from '../tables/dat/dat-text.ts';
import type { Rivals, Run } from './dbmbuild-runs.ts';

const options = fc.subarray(['-nolc', '-nowarn', '-lastdup', '-noduperr', '-nozero']);
const text = fc.oneof({ arbitrary: datText, weight: 3 }, { arbitrary: datTextAtTheLimits, weight: 1 });

/** A key of 256 bytes is longer than exim_dbmbuild's buffer under -nozero; docs/dbmbuild.md says what is done here. */
function overruns(chosen: readonly string[], input: string): boolean {
  return chosen.includes('-nozero') && /w{240,260}"?:/.test(input);
}

/** Ours without a process of its own: Node's start would take most of the time. */
async function runHere(rivals: Rivals, chosen: readonly string[]): Promise<Run> {
  const path = (name: string) => rivals.path('mailhub-dbmbuild', name);
  const { status, stdout, stderr } = await dbmbuild([...chosen, path('source'), path('table')]);
  return {
    status,
    stdout: stdout.toString('latin1'),
    stderr: stderr.toString('latin1'),
    stored: rivals.stored('mailhub-dbmbuild'),
  };
}

/** Both programs end alike, print alike and store alike, whatever the options and the input. */
export async function rivalsAgree(rivals: Rivals, numRuns: number, seed?: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(options, text, async (chosen, input) => {
      fc.pre(!overruns(chosen, input));
      rivals.prepare(() => {});
      rivals.source(Buffer.from(input, 'latin1'));
      const theirs = await rivals.run('exim_dbmbuild', [...chosen, 'source', 'table']);
      deepStrictEqual(await runHere(rivals, chosen), theirs);
    }),
    { numRuns, ...(seed === undefined ? {} : { seed }) },
  );
}
