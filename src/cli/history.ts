import { loadConfig } from '../config/load.ts';
import { printableText } from '../config/printable.ts';
import { History, type RunRecord } from '../state/history.ts';
import type { TableOutcome } from '../state/run-record.ts';
import { selectTables } from '../tables/select.ts';
import { columns } from './columns.ts';
import type { HistoryFlags } from './flags.ts';
import { jsonDocument } from './json.ts';
import { Status } from './status.ts';
import { whenText } from './when.ts';

/** `mailhub-tables history`. @returns the exit status */
export async function historyCommand(table: string | undefined, flags: HistoryFlags): Promise<number> {
  const config = await loadConfig(flags.config, { offline: true });
  if (table !== undefined) selectTables(config, [table]);
  const history = History.open(config.stateDir);
  try {
    const runs = history.runs(flags.limit, table, flags.all ?? false);
    if (flags.json) process.stdout.write(jsonDocument({ runs, trouble: history.trouble }));
    else for (const line of linesOf(runs)) process.stdout.write(`${line}\n`);
    if (history.trouble !== undefined)
      process.stderr.write(`mailhub-tables: nothing is known of earlier runs: ${history.trouble}\n`);
    return Status.ok;
  } finally {
    history.close();
  }
}

/** The latest first, a line for each table of a run; why and by whom stands below. */
function linesOf(records: readonly RunRecord[]): string[] {
  const heads = ['run', 'when', 'command', 'table', 'outcome', 'entries', '+', '-', '~'];
  const rows = records.flatMap(({ run, tables }) =>
    tables.map((outcome) => [
      String(run.id),
      whenText(run.startedAt),
      run.command,
      outcome.table,
      outcome.outcome,
      entriesText(outcome),
      String(outcome.added),
      String(outcome.removed),
      String(outcome.changed),
    ]),
  );
  const [head, ...lines] = columns([heads, ...rows], new Set([0, 5, 6, 7, 8]));
  const listed: string[] = [head];
  for (const { run, tables } of records) {
    for (const { message } of tables) {
      listed.push(lines.shift() ?? '');
      if (message !== undefined) listed.push(`      ${printableText(message)}`);
    }
    const why = run.reason === undefined || run.reason === '' ? '' : `: ${run.reason}`;
    if (run.command !== 'build' || why !== '') listed.push(`      ${printableText(`${run.who}${why}`)}`);
  }
  return listed;
}

function entriesText({ before, after }: TableOutcome): string {
  return before === after ? String(after ?? '-') : `${before ?? 0} -> ${after ?? 0}`;
}
