import { loadConfig } from '../config/load.ts';
import { printableText } from '../config/printable.ts';
import type { KeyChange, Run } from '../state/history.ts';
import { printable } from '../tables/columns/bytes.ts';
import { overrideText } from '../tables/decisions/overrides-of-run.ts';
import type { Departure, Origin } from '../tables/mirror/provenance.ts';
import { type Explanation, explainAddress, type Found, type Gone } from '../tables/questions/explain.ts';
import type { ExplainFlags } from './flags.ts';
import { jsonDocument } from './json.ts';
import { Status } from './status.ts';
import { whenText } from './when.ts';

/** Changes that are shown; `--json` has all. */
const MOST_CHANGES = 10;

/** `mailhub-tables explain`. @returns the exit status */
export async function explainCommand(address: string, flags: ExplainFlags): Promise<number> {
  const config = await loadConfig(flags.config, { offline: true });
  const explanation = await explainAddress(config, address, { offline: flags.offline ?? false });
  const unreadable = explanation.reasons.some(({ kind }) => kind === 'unreadable');
  const found = explanation.found.length > 0;
  const status = unreadable ? Status.error : found ? Status.ok : Status.notFound;
  if (flags.json) process.stdout.write(jsonDocument({ status, ...withText(explanation) }));
  else write(explanation);
  return status;
}

/** Values as text: JSON has no bytes. */
function withText({ changes, ...explanation }: Explanation) {
  const text = (bytes: Uint8Array | undefined): string | undefined => bytes && printable(bytes);
  return {
    ...explanation,
    changes: changes.map(({ before, after, ...change }) => ({
      ...change,
      before: text(before),
      after: text(after),
    })),
  };
}

function write({ key, found, gone, reasons, changes, stateTrouble }: Explanation): void {
  if (stateTrouble !== undefined)
    process.stderr.write(`mailhub-tables: nothing is known of earlier runs: ${stateTrouble}\n`);
  const lines: string[] = [];
  if (found.length === 0) lines.push(`${key}: in no table`);
  found.forEach((each, i) => {
    const first = i === 0 ? '' : `, but Exim takes ${found[0].table}, which comes first`;
    lines.push(
      `${key}: in ${each.table}: ${each.value}${first}`,
      ...foundLines(each).map((line) => `  ${line}`),
    );
  });
  for (const each of gone) lines.push(...goneLines(each).map((line) => `  ${line}`));
  for (const { message } of reasons) lines.push(`  ${message}`);
  if (changes.length > 0) lines.push('changes:');
  for (const change of changes.slice(0, MOST_CHANGES)) lines.push(`  ${changeText(change)}`);
  if (changes.length > MOST_CHANGES)
    lines.push(`  ${changes.length - MOST_CHANGES} earlier ones; --json has them`);
  for (const line of lines) process.stdout.write(`${line}\n`);
}

function foundLines({ origin, departure, since, historyBegins, override }: Found): string[] {
  const lines: string[] = [];
  if (override !== undefined) lines.push(`by hand: ${overrideText(override)}`);
  else if (departure !== undefined) lines.push(`from ${departureText(departure)}`);
  else if (origin !== undefined) lines.push(`from ${originText(origin)}`);
  if (since !== undefined) lines.push(`since ${runText(since)}`);
  else if (historyBegins !== undefined)
    lines.push(`since ${whenText(historyBegins)}, when the history of the table begins, or longer`);
  return lines;
}

function goneLines({ table, run, value, origin, departure }: Gone): string[] {
  const lines = [`went from ${table} in ${runText(run)}; it had the value ${value}`];
  if (departure !== undefined) lines.push(`it came from ${departureText(departure)}`);
  else if (origin !== undefined) lines.push(`it came from ${originText(origin)}`);
  return lines;
}

function departureText(departure: Departure): string {
  const what = {
    deleted: 'was deleted',
    changed: 'is still there, but gives this address no more',
    unknown: 'did not come any more',
  }[departure.what];
  return `${originText(departure)}, which ${what}, seen ${whenText(new Date(departure.seenAt))}`;
}

function originText({ dn, directory, guid }: Origin): string {
  return printableText(`${dn} (directory ${directory}${guid === '' ? '' : `, ${guid}`})`);
}

function runText({ id, startedAt, command, who, reason }: Run): string {
  const by =
    command === 'build' ? '' : ` by ${who}${reason === undefined || reason === '' ? '' : `: ${reason}`}`;
  return printableText(`run ${id}, ${whenText(startedAt)}, ${command}${by}`);
}

function changeText({ run, table, kind, before, after }: KeyChange): string {
  const text = (bytes: Uint8Array | undefined): string => (bytes === undefined ? '' : printable(bytes));
  const what = {
    added: `added: ${text(after)}`,
    removed: `removed: ${text(before)}`,
    changed: `changed: ${text(before)} -> ${text(after)}`,
  }[kind];
  return `${whenText(run.startedAt)} run ${run.id} ${run.command}: ${table}: ${what}`;
}
