import { isSpace } from '../columns/bytes.ts';
import { SourceError } from '../error.ts';

const LF = 0x0a;
const QUOTE = 0x22;

/**
 * A walk through the records of a CSV file (RFC 4180), blank lines left out: `bytes[start, end)`. A line break ends a record unless it
 * stands between two double quotes; it belongs to the record.
 */
export class CsvRecords {
  readonly bytes: Buffer;
  start = 0;
  end = 0;
  /** On which the record begins, from 1. */
  line = 1;
  readonly #path: string;
  #nextLine = 1;
  /** The first double quote that is not before `end`. */
  #quote: number;

  constructor(path: string, bytes: Buffer) {
    this.#path = path;
    this.bytes = bytes;
    this.#quote = this.#find(QUOTE, 0);
  }

  /**
   * Moves on to the next record.
   *
   * @returns whether there is one
   * @throws SourceError when it has a quote that nothing closes
   */
  next(): boolean {
    do {
      if (this.end === this.bytes.length) return false;
      this.#advance();
    } while (this.#isBlank());
    return true;
  }

  #advance(): void {
    const { bytes } = this;
    this.start = this.end;
    this.line = this.#nextLine;
    let isOpen = false;
    do {
      if (this.end === bytes.length) {
        const problem = `line ${this.line}: a double quote is never closed; is the file cut off?`;
        throw new SourceError(this.#path, problem);
      }
      this.end = Math.min(this.#find(LF, this.end) + 1, bytes.length);
      this.#nextLine++;
      while (this.#quote < this.end) {
        isOpen = !isOpen;
        this.#quote = this.#find(QUOTE, this.#quote + 1);
      }
    } while (isOpen);
  }

  #find(byte: number, from: number): number {
    const at = this.bytes.indexOf(byte, from);
    return at < 0 ? this.bytes.length : at;
  }

  #isBlank(): boolean {
    for (let at = this.start; at < this.end; at++) if (!isSpace(this.bytes[at])) return false;
    return true;
  }
}
