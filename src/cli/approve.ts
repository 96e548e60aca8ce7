import { createInterface } from 'node:readline/promises';
import { loadConfig } from '../config/load.ts';
import { printableText } from '../config/printable.ts';
import { whoRuns } from '../state/who.ts';
import { ApprovalError, type ApprovalReport, approve } from '../tables/decisions/approve.ts';
import { configFlag } from '../tables/notices/config-flag.ts';
import { review } from '../tables/questions/review.ts';
import type { ApproveFlags } from './flags.ts';
import { jsonDocument } from './json.ts';
import { page } from './pager.ts';
import { reviewText } from './review-text.ts';
import { Status } from './status.ts';
import { styleFor } from './style.ts';

/** `mailhub-tables approve`. @returns the exit status */
export async function approveCommand(tables: readonly string[], flags: ApproveFlags): Promise<number> {
  const config = await loadConfig(flags.config, { offline: true });
  let digests = flags.digest ?? [];
  if (flags.interactive) {
    if (!process.stdin.isTTY || !process.stdout.isTTY)
      throw new ApprovalError('--interactive needs a terminal; without one, give --digest', false);
    const { held, notHeld } = await review(config, tables);
    const [free] = notHeld;
    if (free !== undefined)
      throw new ApprovalError(`${free} is not held, so there is nothing to approve`, false);
    const style = styleFor(process.stdout, process.env);
    await page(held.map((each) => reviewText(each, flags.config, style)).join('\n'), process.env);
    if (!(await confirmed(tables))) {
      process.stdout.write('nothing was published\n');
      return Status.held;
    }
    digests = held.map(({ digest }) => digest);
  } else if (digests.length === 0) {
    throw new ApprovalError(
      `name what you reviewed with --digest: mailhub-tables review ${tables.join(' ')}${configFlag(flags.config)} shows it and ends with the command`,
      false,
    );
  }
  const report = await approve(config, { tables, digests, who: whoRuns(), why: flags.reason });
  const status = statusOf(report);
  if (flags.json) process.stdout.write(jsonDocument({ status, ...report }));
  else writeReport(report);
  return status;
}

async function confirmed(tables: readonly string[]): Promise<boolean> {
  const answers = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await answers.question(`publish ${tables.join(' and ')} just so? Type yes: `);
    return answer.trim().toLowerCase() === 'yes';
  } finally {
    answers.close();
  }
}

function statusOf({ tables, stateTrouble }: ApprovalReport): number {
  if (stateTrouble !== undefined || tables.some(({ outcome }) => outcome === 'failed')) return Status.error;
  return tables.some(({ outcome }) => outcome === 'held') ? Status.held : Status.ok;
}

function writeReport({ tables, stateTrouble }: ApprovalReport): void {
  if (stateTrouble !== undefined)
    process.stderr.write(`mailhub-tables: nothing of this is remembered: ${stateTrouble}\n`);
  for (const { name, outcome, failure, findings, before, after, added, removed, changed, notes } of tables) {
    if (failure !== undefined) {
      process.stderr.write(`${name}: failed: ${failure.message}\n`);
      process.stderr.write(
        `${name}: next: what is published stays as it was; mend this, and approve again\n`,
      );
    } else if (outcome === 'held') {
      for (const { message } of findings) process.stderr.write(`${name}: held: ${printableText(message)}\n`);
      process.stderr.write(`${name}: next: approve the other table first, or both in one command\n`);
    } else {
      const counts = `${before ?? 0} -> ${after ?? 0} entries, ${added} added, ${removed} removed, ${changed} changed`;
      process.stdout.write(
        `${name}: ${outcome === 'published' ? 'published as reviewed' : 'published already'}, ${counts}\n`,
      );
    }
    for (const note of notes) process.stdout.write(`  ${note}\n`);
  }
}
