import { loadConfig } from '../config/load.ts';
import { type Review, review } from '../tables/questions/review.ts';
import type { ReviewFlags } from './flags.ts';
import { jsonDocument } from './json.ts';
import { page } from './pager.ts';
import { writeReviewCsv } from './review-csv.ts';
import { reviewText } from './review-text.ts';
import { Status } from './status.ts';
import { styleFor } from './style.ts';

/** `mailhub-tables review`. @returns the exit status */
export async function reviewCommand(tables: readonly string[], flags: ReviewFlags): Promise<number> {
  const config = await loadConfig(flags.config, { offline: true });
  const { held, notHeld } = await review(config, tables);
  const status = held.length > 0 ? Status.held : Status.ok;
  if (flags.json) {
    process.stdout.write(jsonDocument({ status, held: held.map(plain), notHeld }));
    return status;
  }
  if (flags.csv !== undefined) {
    await writeReviewCsv(held, flags.csv);
    return status;
  }
  const style = styleFor(process.stdout, process.env);
  const parts = held.map((each) => reviewText(each, flags.config, style));
  if (held.length === 0) parts.push('nothing is held\n');
  else if (tables.length > 0) parts.push(...notHeld.map((name) => `${name}: not held\n`));
  await page(parts.join('\n'), process.env);
  return status;
}

/** As data, every entry named. */
function plain({ entries, ...rest }: Review) {
  return { ...rest, entries: [...entries()].map((entry) => ({ ...entry })) };
}
