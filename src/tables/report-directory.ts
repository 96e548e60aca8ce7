import type { DirectoryOutcome } from './report.ts';
import type { DirectoryRun } from './sources/directory-run.ts';

/** What a directory was asked for, as the report has it. */
export function directoryOutcome({
  report: whole,
  failure,
  warnings: _,
  ...run
}: DirectoryRun): DirectoryOutcome {
  const outcome = { ...run, failure: failure?.message };
  if (whole === undefined) return { ...outcome, report: undefined };
  const { servers: _servers, passwordExpires: _asked, ...report } = whole;
  return { ...outcome, report };
}
