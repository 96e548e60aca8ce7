import { printableText } from '../config/printable.ts';
import type { Listing } from '../tables/columns/tally.ts';
import type { Finding } from '../tables/guard/finding.ts';
import { configFlag } from '../tables/notices/config-flag.ts';
import type { BuildReport, DirectoryOutcome, TableReport } from '../tables/report.ts';
import { writeDerived } from './derived-lines.ts';
import { pinText } from './pin-text.ts';
import { whenText } from './when.ts';

const EXAMPLES = 5;
/** Of the keys that a finding is about. */
const SHOWN = 3;

/** The report for people: a line a table on `out`, what needs somebody's attention on `err`. */
export function writeBuildReport(
  report: BuildReport,
  configFile: string,
  out: NodeJS.WritableStream,
  err: NodeJS.WritableStream,
): void {
  for (const warning of report.warnings) err.write(`mailhub-tables: ${warning}\n`);
  if (report.stateTrouble !== undefined) {
    err.write(`mailhub-tables: nothing of this run is remembered: ${report.stateTrouble}\n`);
  }
  for (const directory of report.directories) {
    out.write(`${directoryLine(directory)}\n`);
    for (const line of askedLines(directory)) out.write(`  ${line}\n`);
  }
  for (const table of report.tables) {
    out.write(`${tableLine(table, report.dryRun)}\n`);
    for (const line of detailLines(table)) out.write(`  ${line}\n`);
    for (const line of troubleLines(table, report.dryRun, configFile)) err.write(`${table.name}: ${line}\n`);
  }
  writeDerived(report.derived, out, err);
}

/** What each server of a directory was asked for: the load that its administrators may see. */
function directoryLine({ name, servers }: DirectoryOutcome): string {
  const loads = servers.map(
    ({ url, attempts, requests, entries, bytes, milliseconds, pausedMilliseconds, failure }) => {
      const seconds = `${(milliseconds / 1000).toFixed(2)} s`;
      const paused =
        pausedMilliseconds >= 5 ? ` (${(pausedMilliseconds / 1000).toFixed(2)} s of it paused)` : '';
      const tries = attempts > 1 ? `${attempts} attempts, ` : '';
      const failed = failure === undefined ? '' : `, failed: ${failure}`;
      return `${url}: ${tries}${requests} requests, ${entries} entries, ${size(bytes)}, ${seconds}${paused}${failed}`;
    },
  );
  return `directory ${name}: ${loads.length === 0 ? 'not asked' : loads.join('; ')}`;
}

/** Why more was asked for than the changes, and what the changes leave out. */
function askedLines({ mode, fullBecause, deletionsSeen, report }: DirectoryOutcome): string[] {
  return [
    ...(fullBecause === undefined ? [] : [`everything was asked for: ${fullBecause}`]),
    ...(mode === 'delta' && !deletionsSeen
      ? ['what is deleted there stays until everything is asked for again']
      : []),
    ...(report?.pageLimit === undefined
      ? []
      : [
          `the server refused pages as large as page_size: it was asked again, for pages of ${report.pageLimit}; page_size = ${report.pageLimit} saves that`,
        ]),
    ...(report?.ownSearches ?? []).map(
      ({ filter, reason }) => `searched by itself: ${printableText(filter)}: ${printableText(reason)}`,
    ),
  ];
}

function size(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
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

function detailLines({ name, pin, hold, findings, notes, conflicts, rejected }: TableReport): string[] {
  const { rejection } = hold ?? {};
  return [
    ...(rejection === undefined
      ? []
      : [
          ...findings.map((finding) => `held: ${findingText(finding)}`),
          `refused by ${printableText(rejection.who)} on ${whenText(rejection.since)}: ${printableText(rejection.why)}`,
        ]),
    ...(pin === undefined ? [] : [`${pinText(pin)}; mailhub-tables unpin ${name} lets it go on`]),
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
  const { outcome, failure, findings } = table;
  if (failure !== undefined) {
    const next = failure.cause === 'source' ? 'mend the source' : 'mend this';
    return [
      `failed: ${failure.message}`,
      `next: what is published stays as it was; ${next} and run build again`,
    ];
  }
  if (outcome !== 'held' || table.hold?.rejection !== undefined) return [];
  const lines = findings.map((finding) => `held: ${findingText(finding)}`);
  if (dryRun) return lines;
  lines.push(`next: ${nextStep(table, configFile)}`);
  return lines;
}

function findingText({ message, examples = [] }: Finding): string {
  const [first] = examples;
  if (first === undefined || message.includes(first)) return message;
  return `${message}, such as ${examples.slice(0, SHOWN).join(', ')}`;
}

/** What to look at, and the command that settles it. */
function nextStep(table: TableReport, configFile: string): string {
  const { name, findings, candidate, dat, dbm, keptByHand, heldFile, hold } = table;
  const found = (rule: string): boolean => findings.some((finding) => finding.rule === rule);
  if (found('waits')) return 'settle the other table, then run build again';

  const config = configFlag(configFile);
  const look =
    hold === undefined
      ? `compare ${dat} with ${candidate ?? dbm}`
      : `mailhub-tables review ${name}${config} shows what would go`;
  const flags = !found('empty')
    ? '--force'
    : findings.length === 1
      ? '--allow-empty'
      : '--force --allow-empty';
  const build = `mailhub-tables build${config} ${flags} ${name}`;
  if (hold === undefined || found('empty')) return `${look}; if that is right: ${build}`;
  if (!heldFile || keptByHand) return `${look}, and the command that publishes it`;
  return `${look}, and the command that publishes the file; if it is wrong, this puts what the sources give in its place: ${build}`;
}
