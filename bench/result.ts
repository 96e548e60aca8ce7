import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A table of figures, for people and for docs/performance.md. */
export interface Result {
  /** Names its file, and its place on the page. */
  readonly name: string;
  readonly title: string;
  /** What prints it again. */
  readonly command: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** What a reader has to know beside the figures. */
  readonly notes: readonly string[];
  /** Columns that are drawn over the first one, both axes logarithmic. */
  readonly drawn?: readonly string[];
}

/** Set by `make bench QUICK=1`: every comparison, at sizes that take seconds. */
export const quick = process.env.QUICK === '1';

/** Prints a result, and keeps it as JSON in the folder that BENCH_RESULTS names, if it does. */
export function report(result: Result): void {
  const { name, title, columns, rows, notes } = result;
  console.log(`${title}\n`);
  const lines = [columns, ...rows].map((row) => row.map(cell));
  const words = columns.map((_, column) => isOfWords(result, column));
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  for (const line of lines) {
    const padded = line.map((text, column) =>
      words[column] ? text.padEnd(widths[column]) : text.padStart(widths[column]),
    );
    console.log(`  ${padded.join('  ').trimEnd()}`);
  }
  console.log(['', ...notes, ''].join('\n'));
  const folder = process.env.BENCH_RESULTS;
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(result, undefined, 2)}\n`);
}

/** Whether a column holds words, which begin on the left, and not figures or spans of figures. */
export function isOfWords({ rows }: Pick<Result, 'rows'>, column: number): boolean {
  return rows.some(
    (row) => typeof row[column] === 'string' && !/^[\d.]*(-[\d.]+)?$/.test(String(row[column])),
  );
}

/** Three significant figures tell all that a noisy machine knows. */
export function cell(value: string | number): string {
  if (typeof value === 'string' || Number.isInteger(value)) return String(value);
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
