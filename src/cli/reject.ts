import { loadConfig } from '../config/load.ts';
import { whoRuns } from '../state/who.ts';
import { reject } from '../tables/decisions/reject.ts';
import type { RejectFlags } from './flags.ts';
import { jsonDocument } from './json.ts';
import { Status } from './status.ts';

/** `mailhub-tables reject`. @returns the exit status */
export async function rejectCommand(table: string, flags: RejectFlags): Promise<number> {
  const config = await loadConfig(flags.config, { offline: true });
  const { reason: why, digest } = flags;
  const report = await reject(config, { table, who: whoRuns(), why, digest });
  const { entries, stateTrouble } = report;
  const status = stateTrouble === undefined ? Status.ok : Status.error;
  if (flags.json) {
    process.stdout.write(jsonDocument({ status, ...report }));
    return status;
  }
  if (stateTrouble !== undefined)
    process.stderr.write(`mailhub-tables: nothing of this is remembered: ${stateTrouble}\n`);
  const what = entries === 0 ? 'this candidate is' : `${entries} entries that would go are`;
  process.stdout.write(
    `${table}: ${what} refused: it stays held, without a word until something else is in question\n`,
  );
  return status;
}
