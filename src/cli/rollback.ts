import { loadConfig } from '../config/load.ts';
import { printableText } from '../config/printable.ts';
import { History } from '../state/history.ts';
import { whoRuns } from '../state/who.ts';
import { RollbackError, type RollbackReport, rollback } from '../tables/decisions/rollback.ts';
import { writeDerived } from './derived-lines.ts';
import type { RollbackFlags } from './flags.ts';
import { jsonDocument } from './json.ts';
import { Status } from './status.ts';
import { whenText } from './when.ts';

/** `mailhub-tables rollback`. @returns the exit status */
export async function rollbackCommand(tables: readonly string[], flags: RollbackFlags): Promise<number> {
  const config = await loadConfig(flags.config, { offline: true });
  const to = flags.to === undefined ? undefined : momentOf(flags.to, config.stateDir);
  const report = await rollback(config, {
    tables,
    to,
    by: 'rollback',
    who: whoRuns(),
    why: flags.reason ?? '',
  });
  const hasFailed = report.tables.some(({ table }) => table.outcome === 'failed');
  const status = hasFailed || report.deadCanaries.length > 0 ? Status.error : Status.ok;
  if (flags.json) process.stdout.write(jsonDocument({ status, ...report }));
  else writeReport(report);
  return status;
}

/** The end of a run of `history`, or a time in this machine's zone. @throws RollbackError */
function momentOf(text: string, stateDir: string): Date {
  if (/^\d{1,15}$/.test(text)) {
    const history = History.open(stateDir);
    try {
      const run = history.run(Number(text));
      if (run !== undefined) return run.endedAt ?? run.startedAt;
    } finally {
      history.close();
    }
    throw new RollbackError(
      `the history has no run ${text}; mailhub-tables history lists them, and --to takes a time too`,
    );
  }
  const moment = new Date(text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(moment.getTime())) return moment;
  throw new RollbackError(
    '--to takes the number of a run in the history, or a time such as 2026-11-22T14:17',
  );
}

function writeReport({ tables, gone, derived, deadCanaries, stateTrouble }: RollbackReport): void {
  if (stateTrouble !== undefined)
    process.stderr.write(`mailhub-tables: nothing of this is remembered: ${stateTrouble}\n`);
  for (const { table, generation } of tables) {
    const { name, outcome, failure, before, after, added, removed, changed } = table;
    if (failure !== undefined) {
      process.stderr.write(`${name}: failed: ${failure.message}\n`);
      process.stderr.write(
        `${name}: next: what is published stays as it was; mend this, and roll back again\n`,
      );
      continue;
    }
    const was = `what was published from ${whenText(generation.since)} to ${whenText(generation.until)}`;
    const verb = outcome === 'published' ? `rolled back to ${was}` : `already is ${was}`;
    const counts = `${before ?? 0} -> ${after ?? 0} entries, ${added} added, ${removed} removed, ${changed} changed`;
    process.stdout.write(`${name}: ${verb}: ${counts}\n`);
    for (const note of table.notes) process.stdout.write(`  ${note}\n`);
    process.stdout.write(`${name}: pinned: it stays so until mailhub-tables unpin ${name}\n`);
  }
  writeDerived(derived, process.stdout, process.stderr);
  for (const { address, message } of deadCanaries) {
    process.stderr.write(
      `mailhub-tables: canary ${printableText(address)} fails since this roll-back: ${printableText(message)}\n`,
    );
  }
  if (gone.count > 0) {
    const more = gone.count > gone.examples.length ? ', ...' : '';
    process.stderr.write(
      `mailhub-tables: in no table any more: ${gone.count} addresses (${gone.examples.join(', ')}${more}); what moved between tables goes back when they are rolled back together\n`,
    );
  }
}
