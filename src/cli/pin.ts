import { loadConfig } from '../config/load.ts';
import { whoRuns } from '../state/who.ts';
import { type PinReport, pinTables, unpinTables } from '../tables/decisions/pin.ts';
import type { DecisionFlags } from './flags.ts';
import { jsonDocument } from './json.ts';
import { pinText } from './pin-text.ts';
import { Status } from './status.ts';

/** `mailhub-tables pin`. @returns the exit status */
export async function pinCommand(tables: readonly string[], flags: DecisionFlags): Promise<number> {
  const config = await loadConfig(flags.config, { offline: true });
  const reports = pinTables(config, tables, whoRuns(), flags.reason ?? '');
  write(reports, flags, ({ table, before }) => {
    const already = before === undefined ? '' : `; it already was (${pinText(before)})`;
    return `${table}: pinned: it stays as it is published until mailhub-tables unpin ${table}${already}`;
  });
  return Status.ok;
}

/** `mailhub-tables unpin`. @returns the exit status */
export async function unpinCommand(tables: readonly string[], flags: DecisionFlags): Promise<number> {
  const config = await loadConfig(flags.config, { offline: true });
  const reports = unpinTables(config, tables, whoRuns(), flags.reason ?? '');
  write(reports, flags, ({ table, before }) =>
    before === undefined
      ? `${table}: it was not pinned`
      : `${table}: no longer pinned (it was ${pinText(before)}); the next run goes on from its sources, and the guard judges`,
  );
  return Status.ok;
}

function write(
  reports: readonly PinReport[],
  flags: DecisionFlags,
  line: (report: PinReport) => string,
): void {
  if (flags.json) process.stdout.write(jsonDocument(reports));
  else for (const report of reports) process.stdout.write(`${line(report)}\n`);
}
