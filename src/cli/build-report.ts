import type { BuildReport, Listing, TableReport } from '../tables/report.ts';

const EXAMPLES = 5;

/** The report for people: a line a table on `out`, what needs somebody's attention on `err`. */
export function writeBuildReport(
  report: BuildReport,
  configFile: string,
  out: NodeJS.WritableStream,
  err: NodeJS.WritableStream,
): void {
  for (const warning of report.warnings) err.write(`mailhub-tables: ${warning}\n`);
  for (const table of report.tables) {
    out.write(`${tableLine(table, report.dryRun)}\n`);
    for (const line of detailLines(table)) out.write(`  ${line}\n`);
    for (const line of troubleLines(table, report.dryRun, configFile)) err.write(`${table.name}: ${line}\n`);
  }
}

function tableLine(table: TableReport, dryRun: boolean): string {
  const { name, outcome, before, after, added, removed, changed } = table;
  const seconds = (table.milliseconds / 1000).toFixed(2);
  const verb =
    dryRun && outcome === 'published'
      ? 'would be published'
      : dryRun && outcome === 'held'
        ? 'would be held'
        : outcome;
  const entries = `${before ?? 0} -> ${after ?? 0} entries`;
  return `${name}: ${verb}, ${entries}, ${added} added, ${removed} removed, ${changed} changed, ${seconds} s`;
}

function detailLines({ notes, conflicts, rejected }: TableReport): string[] {
  return [
    ...notes,
    ...listing(
      conflicts,
      'conflict',
      ({ key, kept, dropped }) =>
        `${key}: kept ${kept.value} (${kept.source}), not ${dropped.value} (${dropped.source})`,
    ),
    ...listing(
      rejected,
      'rejected',
      ({ source, place, value, reason }) => `${source}: ${place}: ${value}: ${reason}`,
    ),
  ];
}

function listing<T>({ count, examples }: Listing<T>, word: string, describe: (item: T) => string): string[] {
  const lines = examples.slice(0, EXAMPLES).map((item) => `${word}: ${describe(item)}`);
  if (count > EXAMPLES) lines.push(`${word}: ${count - EXAMPLES} more (of ${count}); --json names them`);
  return lines;
}

function troubleLines(table: TableReport, dryRun: boolean, configFile: string): string[] {
  const { name, outcome, failure, findings } = table;
  if (failure !== undefined) {
    const next = failure.cause === 'source' ? 'mend the source' : 'mend this';
    return [
      `failed: ${failure.message}`,
      `next: what is published stays as it was; ${next} and run build again`,
    ];
  }
  if (outcome !== 'held') return [];
  const lines = findings.map(({ message }) => `held: ${message}`);
  if (dryRun) return lines;
  const again = `mailhub-tables build --config ${configFile} --force ${name}`;
  lines.push(`next: ${reviewHint(table)}; if what would go is right: ${again}`);
  return lines;
}

function reviewHint({ candidate, before, findings }: TableReport): string {
  if (findings.some(({ rule }) => rule === 'waits'))
    return 'settle the other table first, then run build again';
  if (candidate === undefined) return 'look at the .dat that was put there';
  if (before === undefined) return `look at ${candidate}`;
  return `diff ${candidate.replace(/_tmp\.dat$/, '.dat')} ${candidate}`;
}
