import type { Config } from '../../config/config.ts';
import { DbmError } from '../../dbm/error.ts';
import type { DbmFile } from '../../dbm/format.ts';
import { copyBytes, lowerCaseAscii } from '../columns/bytes.ts';
import { tableFiles } from '../publish/files.ts';
import { chooseFormats } from '../publish/formats.ts';

/** An entry that was found, and in which table. */
export interface Hit {
  readonly table: string;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

interface OpenTable {
  readonly name: string;
  readonly file: DbmFile;
}

/** The published dbm files, open for reading, in the order of the configuration: the tables as Exim sees them. */
export class PublishedTables {
  readonly #tables: readonly OpenTable[];
  /** What is wrong with the tables that can't be read. */
  readonly faults: readonly string[];

  private constructor(tables: readonly OpenTable[], faults: readonly string[]) {
    this.#tables = tables;
    this.faults = faults;
  }

  /** @throws EximError with `format = "auto"` */
  static async open(config: Config): Promise<PublishedTables> {
    const formats = await chooseFormats(config);
    const tables: OpenTable[] = [];
    const faults: string[] = [];
    for (const table of config.tables) {
      const { name } = table;
      const [dbm] = tableFiles(config.tablesDir, name, formats.of(table)).dbm;
      try {
        tables.push({ name, file: dbm.format.open(dbm.path) });
      } catch (error) {
        if (!(error instanceof DbmError)) throw error;
        faults.push(`${name}: ${error.message}`);
      }
    }
    return new PublishedTables(tables, faults);
  }

  /** Every table's entry for a key, which is lower-cased (ASCII) first. Exim takes the first. @throws DbmError */
  find(key: Uint8Array): Hit[] {
    const folded = Buffer.from(key);
    lowerCaseAscii(folded, 0, folded.length);
    const hits: Hit[] = [];
    for (const { name, file } of this.#tables) {
      const value = file.get(folded);
      if (value !== undefined) hits.push({ table: name, key: folded, value });
    }
    return hits;
  }

  /** Every entry that has one of the values, in each table's own order. @throws DbmError */
  *findByValue(values: readonly Uint8Array[]): Generator<Hit> {
    const wanted = new Set(values.map((value) => Buffer.from(value).toString('latin1')));
    for (const { name, file } of this.#tables) {
      const { count, pool, keyStart, keyEnd, valueStart, valueEnd } = file.pairs();
      const lengths = new Set(values.map((value) => value.length));
      for (let i = 0; i < count; i++) {
        if (!lengths.has(valueEnd[i] - valueStart[i])) continue;
        const value = bytesOf(pool, valueStart[i], valueEnd[i]);
        if (wanted.has(value.toString('latin1'))) {
          yield { table: name, key: bytesOf(pool, keyStart[i], keyEnd[i]), value };
        }
      }
    }
  }

  close(): void {
    for (const { file } of this.#tables) file.close();
  }
}

function bytesOf(pool: Uint8Array, start: number, end: number): Buffer {
  const bytes = Buffer.allocUnsafe(end - start);
  copyBytes(pool, start, end, bytes, 0);
  return bytes;
}
