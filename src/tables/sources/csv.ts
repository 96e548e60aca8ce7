import { isUtf8 } from 'node:buffer';
import type { CsvSourceConfig } from '../../config/config.ts';
import { lowerCaseAscii, printable } from '../columns/bytes.ts';
import { EntriesBuilder } from '../columns/entries.ts';
import { Tally } from '../columns/tally.ts';
import { unrepresentable } from '../dat/unrepresentable.ts';
import { SourceError, systemReason } from '../error.ts';
import { readWholeFile } from '../publish/read-file.ts';
import { CsvFields } from './csv-fields.ts';
import { CsvRecords } from './csv-records.ts';
import { type BoundTemplate, bindTemplate, emptyColumn, filledLength, fillTemplate } from './csv-template.ts';
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
  const records = new CsvRecords(path, readText(path));
  if (!records.next()) throw new SourceError(path, 'is empty; its first line must name the columns');
  const delimiter = source.delimiter === 'auto' ? delimiterOf(path, records) : source.delimiter;
  const fields = new CsvFields(path, records, delimiter);
  if (!fields.readPlain()) await fields.readAny();
  const header = Array.from({ length: fields.count }, (_, i) => fields.text(i));
  const column = (name: string): number => columnIndex(path, header, name);
  const rows = new Rows(bindTemplate(source.key, column), bindTemplate(source.value, column));

  while (records.next()) {
    if (!fields.readPlain()) await fields.readAny();
    if (fields.count !== header.length) {
      const message = `line ${records.line}: ${fields.count} fields where the header line has ${header.length}`;
      throw new SourceError(path, `${message}; is the file cut off?`);
    }
    rows.add(fields, records);
  }
  return rows.finish();
}

class Rows {
  readonly #key: BoundTemplate;
  readonly #value: BoundTemplate;
  readonly #builder = new EntriesBuilder();
  readonly #rejections = new Tally<Rejection>();
  /** A key and a value, as a record makes them. */
  #entry = new Uint8Array(1024);

  constructor(key: BoundTemplate, value: BoundTemplate) {
    this.#key = key;
    this.#value = value;
  }

  add(fields: CsvFields, { bytes, start, end, line }: CsvRecords): void {
    if (isEmpty(fields)) return;
    const reason = this.#reject(fields);
    if (reason === undefined) return;
    this.#rejections.add(() => ({
      place: `line ${line}`,
      value: printable(bytes, start, Math.min(end, start + 80)),
      reason,
    }));
  }

  finish(): SourceEntries {
    return { pairs: this.#builder.finish(), rejections: this.#rejections };
  }

  /** Adds the entry of a record, or says why it has none. */
  #reject(fields: CsvFields): string | undefined {
    const empty = emptyColumn(this.#key, fields) ?? emptyColumn(this.#value, fields);
    if (empty !== undefined) return `the column ${empty} is empty`;
    const length = filledLength(this.#key, fields) + filledLength(this.#value, fields);
    if (length > this.#entry.length) this.#entry = new Uint8Array(2 * length);
    const entry = this.#entry;
    const keyEnd = fillTemplate(this.#key, fields, entry, 0);
    const end = fillTemplate(this.#value, fields, entry, keyEnd);
    const reason = unusableKey(entry, keyEnd) ?? unrepresentable(entry, 0, keyEnd, entry, keyEnd, end);
    if (reason !== undefined) return reason;
    lowerCaseAscii(entry, 0, keyEnd);
    this.#builder.add(entry, 0, keyEnd, entry, keyEnd, end);
    return undefined;
  }
}

function isEmpty(fields: CsvFields): boolean {
  for (let i = 0; i < fields.count; i++) if (!fields.isEmpty(i)) return false;
  return true;
}

/** What is wrong with the key `bytes[0, end)`, if anything. */
function unusableKey(bytes: Uint8Array, end: number): string | undefined {
  let all = 0;
  for (let at = 0; at < end; at++) {
    const byte = bytes[at];
    if (byte < 0x20 || byte === 0x7f) return 'the key has a control character';
    all |= byte;
  }
  return all < 0x80 || isUtf8(bytes.subarray(0, end)) ? undefined : 'the key is not UTF-8';
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
function delimiterOf(path: string, { bytes, start, end }: CsvRecords): ',' | ';' {
  const plain = bytes.toString('latin1', start, end).replace(/"[^"]*"/g, '');
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
