import { parseString } from 'fast-csv';
import { SourceError } from '../error.ts';
import type { CsvRecords } from './csv-records.ts';

const BLANK = 0x20;
const TAB = 0x09;
const LF = 0x0a;
const VT = 0x0b;
const FF = 0x0c;
const CR = 0x0d;
const QUOTE = 0x22;
const NBSP = 0xa0;

/**
 * The fields of one record at a time, `bytes[starts[i], ends[i])`, without the blanks and tabs at their edges. All but the plainest
 * records are for a library to take apart.
 */
export class CsvFields {
  bytes: Uint8Array;
  count = 0;
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  readonly #path: string;
  readonly #records: CsvRecords;
  readonly #delimiter: string;
  readonly #delimiterByte: number;

  constructor(path: string, records: CsvRecords, delimiter: ',' | ';') {
    this.#path = path;
    this.#records = records;
    this.#delimiter = delimiter;
    this.#delimiterByte = delimiter.charCodeAt(0);
    this.bytes = records.bytes;
  }

  /**
   * Takes the record apart if each of its fields is text without quotes and carriage returns, or one pair of quotes around text without
   * quotes.
   */
  readPlain(): boolean {
    const { start, end, bytes } = this.#records;
    let lineEnd = end;
    if (bytes[lineEnd - 1] === LF) lineEnd -= bytes[lineEnd - 2] === CR && lineEnd - 2 >= start ? 2 : 1;
    this.bytes = bytes;
    this.count = 0;
    for (let at = start; ; at++) {
      const fieldEnd = bytes[at] === QUOTE ? this.#quotedEnd(at, lineEnd) : this.#unquotedEnd(at, lineEnd);
      if (fieldEnd === undefined) return false;
      if (bytes[at] === QUOTE) this.#add(at + 1, fieldEnd - 1);
      else this.#add(at, fieldEnd);
      if (fieldEnd === lineEnd) return !this.#isDoubtful();
      at = fieldEnd;
    }
  }

  /** Takes any record apart. @throws SourceError when it is malformed */
  async readAny(): Promise<void> {
    const { start, end, bytes, line } = this.#records;
    const rows: string[][] = [];
    try {
      const parser = parseString<string[], string[]>(bytes.toString('latin1', start, end), {
        delimiter: this.#delimiter,
      });
      for await (const row of parser) rows.push(row);
      if (rows.length !== 1) throw new RangeError(`${rows.length} rows`);
    } catch (cause) {
      const message = `line ${line}: a double quote or carriage return is out of place`;
      throw new SourceError(this.#path, message, { cause });
    }
    const [row] = rows;
    this.bytes = Buffer.from(row.join(''), 'latin1');
    this.count = 0;
    let at = 0;
    for (const field of row) {
      this.#add(at, at + field.length);
      at += field.length;
    }
  }

  isEmpty(field: number): boolean {
    return this.starts[field] === this.ends[field];
  }

  /** As Latin-1. */
  text(field: number): string {
    const { buffer, byteOffset } = this.bytes;
    const start = this.starts[field];
    return Buffer.from(buffer, byteOffset + start, this.ends[field] - start).toString('latin1');
  }

  /** Whether the first field begins with white space of which fast-csv may make an empty field. */
  #isDoubtful(): boolean {
    const first = this.bytes[this.starts[0]];
    return !this.isEmpty(0) && (first === VT || first === FF || first === NBSP);
  }

  #unquotedEnd(start: number, lineEnd: number): number | undefined {
    const { bytes } = this;
    for (let at = start; at < lineEnd; at++) {
      const byte = bytes[at];
      if (byte === this.#delimiterByte) return at;
      if (byte === QUOTE || byte === CR) return undefined;
    }
    return lineEnd;
  }

  #quotedEnd(start: number, lineEnd: number): number | undefined {
    const { bytes } = this;
    let at = start + 1;
    while (at < lineEnd && bytes[at] !== QUOTE) at++;
    if (at >= lineEnd) return undefined;
    return at + 1 === lineEnd || bytes[at + 1] === this.#delimiterByte ? at + 1 : undefined;
  }

  #add(from: number, to: number): void {
    const { bytes } = this;
    let start = from;
    let end = to;
    while (start < end && isPadding(bytes[start])) start++;
    while (start < end && isPadding(bytes[end - 1])) end--;
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.count++;
  }
}

function isPadding(byte: number): boolean {
  return byte === BLANK || byte === TAB;
}
