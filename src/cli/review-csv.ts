import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { format } from 'fast-csv';
import { printableText } from '../config/printable.ts';
import { unitOf } from '../tables/guard/unit.ts';
import type { Review } from '../tables/questions/review.ts';

const HEADERS = ['table', 'change', 'key', 'from', 'to', 'what', 'directory', 'guid', 'dn', 'unit'];

/** Writes every entry that differs as CSV (RFC 4180), to a file or, by `-`, to standard output. @throws the system's error */
export async function writeReviewCsv(reviews: readonly Review[], path: string): Promise<void> {
  const stream = format({
    headers: HEADERS,
    alwaysWriteHeaders: true,
    rowDelimiter: '\r\n',
    includeEndRowDelimiter: true,
  });
  // It names people: for its owner only.
  const target = path === '-' ? process.stdout : createWriteStream(path, { mode: 0o600 });
  const done =
    target === process.stdout
      ? once(stream, 'end')
      : new Promise<void>((resolve, reject) => {
          target.on('error', reject).on('finish', resolve);
        });
  stream.pipe(target, { end: target !== process.stdout });
  for (const { table, entries } of reviews) {
    for (const { change, key, from, to, what, origin } of entries()) {
      const object =
        origin === undefined
          ? ['', '', '', '']
          : [origin.directory, origin.guid, origin.dn, unitOf(origin.dn)];
      const row = [table, change, key, from ?? '', to ?? '', what, ...object.map(printableText)];
      if (!stream.write(row.map(harmless))) await once(stream, 'drain');
    }
  }
  stream.end();
  await done;
}

/** What a spreadsheet would take for a formula gets an apostrophe in front, which spreadsheets show as text. */
function harmless(cell: string): string {
  return /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
}
