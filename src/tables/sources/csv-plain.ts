import { LinearMemory } from '../../dbm/linear-memory.ts';
import type { EntriesBuilder } from '../columns/entries.ts';
import type { CsvRecords } from './csv-records.ts';
import type { BoundTemplate } from './csv-template.ts';
import { type Loops, loopsIn } from './loops.ts';

const LF = 0x0a;
/** Bytes of entries that are written in one go. */
const ROOM = 1 << 18;
/** Bytes of the file that are read in one go; as many entries can be in them: the shortest are a letter and a newline. */
const STRETCH = 1 << 16;
const MOST_ENTRIES = STRETCH / 2;

/** Makes entries of records that need nothing else, by a compiled loop: without quotes but those around a field, and with a usable entry. */
export class PlainRecords {
  readonly #records: CsvRecords;
  readonly #builder: EntriesBuilder;
  readonly #memory: LinearMemory;
  readonly #loops: Loops;
  readonly #text: number;
  readonly #end: number;
  readonly #out: number;
  readonly #keyStart: Uint32Array;
  readonly #keyEnd: Uint32Array;
  readonly #valueStart: Uint32Array;
  readonly #valueEnd: Uint32Array;

  /** @throws MemoryFullError */
  constructor(
    records: CsvRecords,
    builder: EntriesBuilder,
    format: {
      readonly delimiter: string;
      readonly columns: number;
      readonly key: BoundTemplate;
      readonly value: BoundTemplate;
    },
  ) {
    const { bytes } = records;
    const memory = LinearMemory.of(bytes) ?? new LinearMemory();
    this.#records = records;
    this.#builder = builder;
    this.#memory = memory;
    this.#loops = loopsIn(memory);
    this.#text = memory.addressOf(bytes);
    this.#end = bytes.lastIndexOf(LF) + 1;
    this.#out = memory.reserve(ROOM);
    const column = () => memory.numbers(memory.reserve(4 * MOST_ENTRIES), MOST_ENTRIES);
    this.#keyStart = column();
    this.#keyEnd = column();
    this.#valueStart = column();
    this.#valueEnd = column();
    const { key, value } = format;
    this.#loops.setTemplates(
      format.delimiter.charCodeAt(0),
      format.columns,
      memory.reserve(8 * format.columns),
      this.#partsOf(key),
      key.length,
      this.#partsOf(value),
      value.length,
    );
  }

  /** Reads some of the records that come next. @returns whether there were any */
  read(): boolean {
    const { end: at } = this.#records;
    const next = this.#loops.readPlainRecords(
      this.#text + at,
      this.#text + Math.min(this.#end, at + STRETCH),
      this.#out,
      ROOM,
      this.#builder.used,
      this.#keyStart.byteOffset,
      this.#keyEnd.byteOffset,
      this.#valueStart.byteOffset,
      this.#valueEnd.byteOffset,
    );
    const count = this.#loops.recordsRead();
    if (count === 0) return false;
    this.#records.skip(count, (next >>> 0) - this.#text - at);
    this.#builder.addColumns(this.#memory.bytes(this.#out, this.#loops.bytesWritten()), {
      count,
      keyStart: this.#keyStart,
      keyEnd: this.#keyEnd,
      valueStart: this.#valueStart,
      valueEnd: this.#valueEnd,
    });
    return true;
  }

  /** The address of a template's parts: that of a text and its length, or 0 and the index of a column. */
  #partsOf(template: BoundTemplate): number {
    const parts = template.flatMap((part) => {
      if (!(part instanceof Uint8Array)) return [0, part.index];
      return [this.#memory.addressOf(part), part.length];
    });
    return this.#memory.addressOf(Uint32Array.from(parts));
  }
}
