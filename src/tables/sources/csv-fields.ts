import { type CsvParserStream, parse } from 'fast-csv';
import { SourceError } from '../error.ts';
import type { CsvRecord } from './csv-records.ts';

/** Splits records into fields: the Latin-1 text of their bytes, without the blanks and tabs at their edges. */
export class FieldReader {
  readonly #path: string;
  readonly #parser: CsvParserStream<string[], string[]>;

  constructor(path: string, delimiter: ',' | ';') {
    this.#path = path;
    this.#parser = parse({ delimiter });
    this.#parser.on('error', () => {}); // The callback of the write that failed has it.
  }

  /** @throws SourceError when the record is malformed */
  async fields(record: CsvRecord): Promise<string[]> {
    const text = record.bytes.toString('latin1');
    const error = await new Promise((resolve) => {
      this.#parser.write(text.endsWith('\n') ? text : `${text}\n`, resolve);
    });
    const row: string[] | null = this.#parser.read();
    if (error || row === null || this.#parser.read() !== null) {
      const message = `line ${record.line}: a double quote or carriage return is out of place`;
      throw new SourceError(this.#path, message, { cause: error });
    }
    return row.map((field) => field.replace(/^[ \t]+|[ \t]+$/g, ''));
  }
}
