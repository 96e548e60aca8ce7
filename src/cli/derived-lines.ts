import type { DerivedReport } from '../tables/publish/derived.ts';

/** A line for each table that is made of others: what failed goes to `err`. */
export function writeDerived(
  derived: readonly DerivedReport[],
  out: NodeJS.WritableStream,
  err: NodeJS.WritableStream,
): void {
  for (const { name, outcome, entries, message } of derived) {
    if (outcome === 'failed') err.write(`${name}: failed: ${message ?? ''}; it stays as it was\n`);
    else out.write(`${name}: ${outcome}, ${entries ?? 0} entries, made of other tables\n`);
  }
}
