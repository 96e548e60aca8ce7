import { SourceError } from '../error.ts';

/** One record of a CSV file, line breaks within quoted fields and at its end included. */
export interface CsvRecord {
  /** The line on which it begins, from 1. */
  readonly line: number;
  readonly bytes: Buffer;
}

const LF = 0x0a;
const QUOTE = 0x22;

/**
 * The records of a CSV file (RFC 4180): a line break ends one unless it stands between two double quotes. Blank lines are
 * left out.
 *
 * @throws SourceError when the last record has a quote that nothing closes
 */
export function* csvRecords(path: string, file: Buffer): Generator<CsvRecord> {
  let line = 1;
  let recordLine = 1;
  let recordStart = 0;
  let quotes = 0;
  for (let at = 0; at < file.length; line++) {
    const newline = file.indexOf(LF, at);
    const next = newline < 0 ? file.length : newline + 1;
    quotes += count(file, QUOTE, at, next);
    at = next;
    if (quotes % 2 === 1) continue;
    const bytes = file.subarray(recordStart, next);
    if (!isBlank(bytes)) yield { line: recordLine, bytes };
    recordStart = next;
    recordLine = line + 1;
    quotes = 0;
  }
  if (quotes > 0) {
    throw new SourceError(path, `line ${recordLine}: a double quote is never closed; is the file cut off?`);
  }
}

function count(bytes: Buffer, byte: number, start: number, end: number): number {
  let found = 0;
  for (let at = start; at < end; at++) if (bytes[at] === byte) found++;
  return found;
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));
}
