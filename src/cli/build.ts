import { loadConfig } from '../config/load.ts';
import { build } from '../tables/build.ts';
import type { BuildReport } from '../tables/report.ts';
import { writeBuildReport } from './build-report.ts';
import type { BuildFlags } from './flags.ts';
import { jsonDocument } from './json.ts';
import { showProgress } from './progress.ts';
import { Status } from './status.ts';

/** `mailhub-tables build`. @returns the exit status */
export async function buildCommand(tables: readonly string[], flags: BuildFlags): Promise<number> {
  const config = await loadConfig(flags.config);
  const progress = showProgress(process.stderr);
  let report: BuildReport;
  try {
    report = await build(config, { ...flags, tables, progress: progress?.update });
  } finally {
    progress?.clear();
  }
  const status = statusOf(report);
  if (flags.json) process.stdout.write(jsonDocument({ status, ...report }));
  else writeBuildReport(report, flags.config, process.stdout, process.stderr);
  return status;
}

function statusOf({ tables, derived, stateTrouble }: BuildReport): number {
  if (stateTrouble !== undefined || derived.some(({ outcome }) => outcome === 'failed')) return Status.error;
  if (tables.some(({ failure }) => failure?.cause === 'machine')) return Status.error;
  if (tables.some(({ failure }) => failure?.cause === 'source')) return Status.sourceFailed;
  if (tables.some(({ outcome }) => outcome === 'held')) return Status.held;
  return Status.ok;
}
