import { isUtf8 } from 'node:buffer';
import type { CsvSourceConfig } from '../../config/config.ts';
import { lowerCaseAscii, printable } from '../columns/bytes.ts';
import { EntriesBuilder } from '../columns/entries.ts';
import { Tally } from '../columns/tally.ts';
import { unrepresentable } from '../dat/unrepresentable.ts';
import { SourceError, systemReason } from '../error.ts';
import { readWholeFile } from '../publish/read-file.ts';
import { FieldReader } from './csv-fields.ts';
import { type CsvRecord, csvRecords } from './csv-records.ts';
import { type BoundTemplate, bindTemplate, emptyColumn, fillTemplate } from './csv-template.ts';
import type { Rejection, SourceEntries } from './file.ts';

/**
 * The entries of a CSV file with a header line (RFC 4180, in any encoding that extends ASCII): a key and a value from every
 * row. Keys are lower-cased (ASCII), other bytes stay what they are; blanks and tabs at the edges of fields go. A row
 * that is empty is skipped, one that gives no usable entry is rejected.
 *
 * @throws SourceError when the file can't be read, has no header line or lacks a column, and when any row is malformed or
 *   has not as many fields as the header line: a file that was cut off looks like that
 */
export async function readCsv(source: CsvSourceConfig): Promise<SourceEntries> {
  const { path } = source;
  const records = csvRecords(path, readText(path));
  const first = records.next();
  if (first.done) throw new SourceError(path, 'is empty; its first line must name the columns');
  const reader = new FieldReader(
    path,
    source.delimiter === 'auto' ? delimiterOf(path, first.value) : source.delimiter,
  );
  const header = await reader.fields(first.value);
  const column = (name: string): number => columnIndex(path, header, name);
  const rows = new Rows(bindTemplate(source.key, column), bindTemplate(source.value, column));

  for (const record of records) {
    const row = await reader.fields(record);
    if (row.length !== header.length) {
      const message = `line ${record.line}: ${row.length} fields where the header line has ${header.length}`;
      throw new SourceError(path, `${message}; is the file cut off?`);
    }
    rows.add(row, record);
  }
  return rows.finish();
}

class Rows {
  readonly #key: BoundTemplate;
  readonly #value: BoundTemplate;
  readonly #builder = new EntriesBuilder();
  readonly #rejections = new Tally<Rejection>();

  constructor(key: BoundTemplate, value: BoundTemplate) {
    this.#key = key;
    this.#value = value;
  }

  add(row: readonly string[], record: CsvRecord): void {
    if (row.every((field) => field === '')) return;
    const reason = this.#reject(row);
    if (reason === undefined) return;
    this.#rejections.add(() => ({
      place: `line ${record.line}`,
      value: printable(record.bytes, 0, Math.min(record.bytes.length, 80)),
      reason,
    }));
  }

  finish(): SourceEntries {
    return { pairs: this.#builder.finish(), rejections: this.#rejections };
  }

  /** Adds the entry of a row, or says why it has none. */
  #reject(row: readonly string[]): string | undefined {
    const empty = emptyColumn(this.#key, row) ?? emptyColumn(this.#value, row);
    if (empty !== undefined) return `the column ${empty} is empty`;
    const key = Buffer.from(fillTemplate(this.#key, row), 'latin1');
    const value = Buffer.from(fillTemplate(this.#value, row), 'latin1');
    if (key.some((byte) => byte < 0x20 || byte === 0x7f)) return 'the key has a control character';
    if (!isUtf8(key)) return 'the key is not UTF-8';
    const reason = unrepresentable(key, 0, key.length, value, 0, value.length);
    if (reason !== undefined) return reason;
    lowerCaseAscii(key, 0, key.length);
    this.#builder.add(key, 0, key.length, value, 0, value.length);
    return undefined;
  }
}

function readText(path: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readWholeFile(path);
  } catch (error) {
    throw new SourceError(path, systemReason(error), { cause: error });
  }
  if (bytes.length >= 2 && (bytes.readUInt16BE(0) === 0xfffe || bytes.readUInt16BE(0) === 0xfeff)) {
    throw new SourceError(path, 'is UTF-16; save it as UTF-8');
  }
  return bytes.toString('latin1', 0, 3) === '\xef\xbb\xbf' ? bytes.subarray(3) : bytes;
}

/** Whichever of comma and semicolon the header line has outside of quotes. */
function delimiterOf(path: string, header: CsvRecord): ',' | ';' {
  const plain = header.bytes.toString('latin1').replace(/"[^"]*"/g, '');
  if (plain.includes(',') && plain.includes(';')) {
    throw new SourceError(
      path,
      'the header line has commas and semicolons; set delimiter to the one that separates',
    );
  }
  return plain.includes(';') ? ';' : ',';
}

function columnIndex(path: string, header: readonly string[], name: string): number {
  const wanted = Buffer.from(name, 'utf8').toString('latin1');
  const index = header.indexOf(wanted);
  if (index < 0) {
    const columns = header.map((column) => printable(Buffer.from(column, 'latin1'))).join(', ');
    throw new SourceError(path, `has no column ${name}; its columns are: ${columns}`);
  }
  if (header.lastIndexOf(wanted) !== index) throw new SourceError(path, `has the column ${name} twice`);
  return index;
}
