import { loadConfig } from '../config/load.ts';
import { printableText } from '../config/printable.ts';
import { overrideText } from '../tables/decisions/overrides-of-run.ts';
import { configFlag } from '../tables/notices/config-flag.ts';
import { type StatusReport, status, type TableStatus } from '../tables/questions/status.ts';
import { columns } from './columns.ts';
import type { CommonFlags } from './flags.ts';
import { jsonDocument } from './json.ts';
import { pinText } from './pin-text.ts';
import { Status } from './status.ts';
import { ageText, whenText } from './when.ts';

/** `mailhub-tables status`. @returns the exit status */
export async function statusCommand(flags: CommonFlags): Promise<number> {
  const config = await loadConfig(flags.config, { offline: true });
  const report = await status(config);
  if (flags.json) process.stdout.write(jsonDocument(report));
  else writeReport(report, configFlag(flags.config));
  return Status.ok;
}

function writeReport(report: StatusReport, config: string): void {
  const { tables, directories, derived, overrides, overridesTrouble, lastRun, stateTrouble } = report;
  if (overridesTrouble !== undefined) process.stderr.write(`mailhub-tables: ${overridesTrouble}\n`);
  if (stateTrouble !== undefined)
    process.stderr.write(`mailhub-tables: nothing is known of earlier runs: ${stateTrouble}\n`);
  const rows = tables.map((table) => [
    table.name,
    table.entries === undefined ? '-' : String(table.entries),
    table.written === undefined ? '-' : ageText(Date.now() - table.written.getTime()),
    changeText(table),
    stateText(table),
  ]);
  const right = new Set([1, 2]);
  for (const line of columns([['table', 'entries', 'age', 'last change', 'now'], ...rows], right))
    process.stdout.write(`${line}\n`);
  for (const { name, entries, written } of derived) {
    const age =
      written === undefined
        ? 'not written yet'
        : `${entries ?? '-'} entries, ${ageText(Date.now() - written.getTime())} old`;
    process.stdout.write(`${name}: made of other tables, ${age}\n`);
  }
  for (const { name, lastFull } of directories) {
    const when =
      lastFull === undefined
        ? 'none that is remembered: the next run asks for everything'
        : `${whenText(lastFull)}, ${ageText(Date.now() - lastFull.getTime())} ago`;
    process.stdout.write(`directory ${name}: last full extraction: ${when}\n`);
  }
  for (const each of overrides) process.stdout.write(`${each.table}: by hand: ${overrideText(each)}\n`);
  if (lastRun !== undefined) {
    const { id, startedAt, result } = lastRun;
    process.stdout.write(
      `last run: ${id}, ${whenText(startedAt)}, ${ageText(Date.now() - startedAt.getTime())} ago, ${result ?? 'it did not end'}\n`,
    );
  }
  if (tables.some(isHeld)) {
    process.stdout.write(
      `next: mailhub-tables review${config} shows what is held, and the commands that settle it\n`,
    );
  }
}

function isHeld({ outcome, pin }: TableStatus): boolean {
  return outcome?.outcome === 'held' && pin === undefined;
}

function changeText({ lastChange }: TableStatus): string {
  if (lastChange === undefined) return '-';
  const { run, outcome } = lastChange;
  return `${whenText(run.startedAt)} run ${run.id} +${outcome.added} -${outcome.removed} ~${outcome.changed}`;
}

function stateText(table: TableStatus): string {
  const { pin, hold, outcome, since, trouble } = table;
  const said: string[] = [];
  if (trouble !== undefined) said.push(`can't be read: ${trouble}`);
  if (pin !== undefined) said.push(pinText(pin));
  if (isHeld(table)) {
    const from = hold === undefined ? since : new Date(hold.since);
    said.push(`held${from === undefined ? '' : ` since ${whenText(from)}`}: ${outcome?.message ?? ''}`);
  }
  if (outcome?.outcome === 'failed') {
    said.push(`failed${since === undefined ? '' : ` since ${whenText(since)}`}: ${outcome.message ?? ''}`);
  }
  return said.length === 0 ? 'ok' : printableText(said.join('; '));
}
