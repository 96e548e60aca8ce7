import { loadConfig } from '../config/load.ts';
import { Overrides } from '../state/overrides.ts';
import { whoRuns } from '../state/who.ts';
import { addOverride, type OverrideReport, removeOverride } from '../tables/decisions/override.ts';
import { overrideText } from '../tables/decisions/overrides-of-run.ts';
import { writeDerived } from './derived-lines.ts';
import type { CommonFlags, DecisionFlags, OverrideFlags } from './flags.ts';
import { jsonDocument } from './json.ts';
import { Status } from './status.ts';

/** `mailhub-tables override add` and `suppress`. @param value undefined to keep the address out @returns the exit status */
export async function overrideCommand(
  table: string,
  key: string,
  value: string | undefined,
  { reason = '', expires, ...flags }: OverrideFlags,
): Promise<number> {
  const config = await loadConfig(flags.config, { offline: true });
  const wanted = { table, key, value, who: whoRuns(), why: reason, expires };
  return write(await addOverride(config, wanted), flags, 'by hand');
}

/** `mailhub-tables override remove`. @returns the exit status */
export async function removeOverrideCommand(
  table: string,
  key: string,
  flags: DecisionFlags,
): Promise<number> {
  const config = await loadConfig(flags.config, { offline: true });
  const wanted = { table, key, who: whoRuns(), why: flags.reason ?? '' };
  return write(await removeOverride(config, wanted), flags, 'no longer by hand');
}

/** `mailhub-tables override list`. @returns the exit status */
export async function listOverridesCommand(flags: CommonFlags): Promise<number> {
  const config = await loadConfig(flags.config, { offline: true });
  const overrides = new Overrides(config.stateDir).list();
  if (flags.json) process.stdout.write(jsonDocument(overrides));
  else for (const each of overrides) process.stdout.write(`${each.table}: ${overrideText(each)}\n`);
  return Status.ok;
}

function write(report: OverrideReport, flags: CommonFlags, said: string): number {
  const { table, override, shadowedBy, stateTrouble } = report;
  const { name, outcome, failure, before, after } = table;
  const status = failure === undefined ? Status.ok : Status.error;
  if (flags.json) {
    process.stdout.write(jsonDocument({ status, ...report }));
    return status;
  }
  if (stateTrouble !== undefined)
    process.stderr.write(`mailhub-tables: nothing of this is remembered: ${stateTrouble}\n`);
  if (failure !== undefined) {
    process.stderr.write(
      `${name}: failed: ${failure.message}\n${name}: next: nothing was changed; mend this, and try again\n`,
    );
    return status;
  }
  process.stdout.write(`${name}: ${said}: ${overrideText(override)}\n`);
  process.stdout.write(
    outcome === 'published'
      ? `${name}: published, ${before ?? 0} -> ${after ?? 0} entries\n`
      : `${name}: what is published says so already\n`,
  );
  writeDerived(report.derived, process.stdout, process.stderr);
  if (shadowedBy !== undefined) {
    process.stderr.write(
      `mailhub-tables: Exim takes what ${shadowedBy} says, which comes before ${name}: mailhub-tables override suppress ${shadowedBy} ...\n`,
    );
  }
  return status;
}
