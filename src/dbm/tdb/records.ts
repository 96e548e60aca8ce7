import { viewOf } from '../bytes.ts';
import type { Input } from '../input.ts';
import type { Pairs } from '../pairs.ts';
import type { Header } from './header.ts';
import { ALIGNMENT, DEAD, FREE, HEADER, NO_RECORD, RECORD, RECORD_HEADER, TAIL, USED } from './layout.ts';

/** The whole file and where its records are. */
export interface Records {
  /** The used records, over the file's own bytes, in the file's order. */
  readonly pairs: Pairs;
  /** Where each of them begins. */
  readonly offset: Uint32Array;
  /** Records that a lookup passes over, in chains still. */
  readonly dead: readonly number[];
  readonly free: readonly number[];
}

/** @throws DbmError when the file is not one record after the other to its end */
export function readRecords(input: Input, header: Header, terminated: boolean | undefined): Records {
  return new RecordReader(input, header, terminated).read();
}

class RecordReader {
  readonly #input: Input;
  readonly #header: Header;
  readonly #terminated: boolean | undefined;
  readonly #pool: Uint8Array;
  readonly #view: DataView;
  readonly #little: boolean;
  readonly #dead: number[] = [];
  readonly #free: number[] = [];

  constructor(input: Input, header: Header, terminated: boolean | undefined) {
    this.#input = input;
    this.#header = header;
    this.#terminated = terminated;
    this.#pool = input.bytes(0, input.size);
    this.#view = viewOf(this.#pool);
    this.#little = !header.bigEndian;
  }

  read(): Records {
    let count = 0;
    this.#forEach((offset, magic) => {
      if (magic === USED) count++;
      else if (magic === DEAD) this.#dead.push(offset);
      else this.#free.push(offset);
    });
    const offsets = new Uint32Array(count);
    const keyStart = new Uint32Array(count);
    const keyEnd = new Uint32Array(count);
    const valueStart = new Uint32Array(count);
    const valueEnd = new Uint32Array(count);
    const pool = this.#pool;
    let i = 0;
    this.#forEach((offset, magic) => {
      if (magic !== USED) return;
      const start = offset + RECORD_HEADER;
      const middle = start + this.#get(offset + RECORD.key);
      const end = middle + this.#get(offset + RECORD.value);
      const ended = middle > start && pool[middle - 1] === 0;
      const both = ended && end > middle && pool[end - 1] === 0;
      if (this.#terminated === true && !both)
        throw this.#input.fault(offset, 'lacks the NUL behind key or value');
      const nul = this.#terminated !== false && ended;
      offsets[i] = offset;
      keyStart[i] = start;
      keyEnd[i] = nul ? middle - 1 : middle;
      valueStart[i] = middle;
      valueEnd[i++] = nul && both ? end - 1 : end;
    });
    const pairs = { count, pool, keyStart, keyEnd, valueStart, valueEnd };
    return { pairs, offset: offsets, dead: this.#dead, free: this.#free };
  }

  #forEach(visit: (offset: number, magic: number) => void): void {
    const { records, recovery } = this.#header;
    let metRecovery = recovery === 0;
    for (let offset = records; offset < this.#pool.length; ) {
      if (offset + RECORD_HEADER > this.#pool.length)
        throw this.#input.fault(offset, 'the last record is cut off');
      const magic = this.#get(offset + RECORD.magic);
      if (NO_RECORD.has(magic)) {
        metRecovery ||= offset === recovery;
        offset += offset === recovery ? this.#wholeLength(offset) : this.#deadSpace(offset);
        continue;
      }
      if (magic !== USED && magic !== DEAD && magic !== FREE) {
        throw this.#input.fault(offset, `no record begins here: magic number 0x${magic.toString(16)}`);
      }
      const length = this.#wholeLength(offset);
      if (this.#get(offset + length - TAIL) !== length)
        throw this.#input.fault(offset, "the record's two lengths differ");
      const content = this.#get(offset + RECORD.key) + this.#get(offset + RECORD.value);
      if (magic !== FREE && RECORD_HEADER + content + TAIL > length) {
        throw this.#input.fault(offset, 'key and value are longer than their record');
      }
      visit(offset, magic);
      offset += length;
    }
    if (!metRecovery) throw this.#input.fault(HEADER.recovery, `no recovery area begins at ${recovery}`);
  }

  #wholeLength(offset: number): number {
    const length = this.#get(offset + RECORD.length);
    const fits =
      length % ALIGNMENT === 0 && length >= TAIL && offset + RECORD_HEADER + length <= this.#pool.length;
    if (!fits) throw this.#input.fault(offset, `a record of ${length} bytes`);
    return RECORD_HEADER + length;
  }

  /** What enlarging the file before a crash left there. */
  #deadSpace(offset: number): number {
    let end = offset;
    while (end < this.#pool.length && (this.#pool[end] === 0 || this.#pool[end] === 0x42)) end++;
    if (end - offset < RECORD_HEADER) throw this.#input.fault(offset, 'no record begins here');
    return end - offset;
  }

  #get(offset: number): number {
    return this.#view.getUint32(offset, this.#little);
  }
}
