import { EntryChecker } from '../entry-checker.ts';
import { DbmError } from '../error.ts';
import type { DbmFile, Statistics } from '../format.ts';
import type { Input } from '../input.ts';
import type { Pairs } from '../pairs.ts';
import { PairsBuilder } from '../pairs-builder.ts';
import { withRoom } from '../with-room.ts';
import { arrange } from './arrange.ts';
import { Connection } from './connection.ts';
import type { FirstPage } from './first-page.ts';
import { IndexReader } from './index-reader.ts';
import { PAGE_SIZE } from './layout.ts';
import { OwnPages } from './own-pages.ts';
import { columnTypes, SCHEMA } from './schema.ts';

/** Offsets in `Pairs` have 32 bits. */
const LARGEST_POOL = 2 ** 32 - 1;

/** An open SQLite file as we wrote it, read without SQLite. */
export class OwnFile implements DbmFile {
  readonly format = 'sqlite';
  readonly path: string;
  readonly #input: Input;
  readonly #first: FirstPage;
  readonly #pages: OwnPages;
  readonly #tables: readonly IndexReader[];

  /** @throws DbmError when it is truncated; the input is closed then */
  constructor(input: Input, first: FirstPage) {
    this.path = input.path;
    this.#input = input;
    this.#first = first;
    this.#pages = new OwnPages(input);
    const types = columnTypes(first.terminated);
    this.#tables = first.roots.map((root, i) => new IndexReader(this.#pages, root, types[i]));
    const size = first.pages * PAGE_SIZE;
    if (input.size !== size) {
      input.close();
      throw input.fault(
        Math.min(size, input.size),
        `${input.size} bytes, of which its first page says ${size}`,
      );
    }
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#tables[0].get(key);
  }

  pairs(): Pairs {
    const builder = new PairsBuilder(this.path, Math.min(this.#input.size, LARGEST_POOL));
    this.#tables[0].walk((bytes, _, keyStart, keyEnd, valueStart, valueEnd) => {
      if (builder.lacksRoom(keyEnd - keyStart + valueEnd - valueStart)) {
        throw new DbmError(
          this.path,
          'more bytes in keys and values than in the file, or than a table can hold',
        );
      }
      builder.key(bytes, keyStart, keyEnd);
      builder.value(bytes, valueStart, valueEnd);
    });
    return builder.finish();
  }

  /** Each of the tables must hold the entries, in the order of their keys: then every lookup finds them. */
  readBack(pairs: Pairs): void {
    this.#check(pairs);
  }

  /** That the tables hold the same entries, on all the pages there are; then what SQLite checks. */
  verify(): void {
    const used = new Uint8Array(this.#pages.wholePages + 1);
    used.fill(1, 0, 2);
    const pairs = this.pairs();
    this.#check(pairs, (page, count) => {
      for (let each = page; each < page + count; each++) {
        if (used[each] === 1) throw this.#pages.fault(each, 'is used twice');
        used[each] = 1;
      }
    });
    const unused = used.indexOf(0);
    if (unused >= 0) throw this.#pages.fault(unused, 'nothing leads to it');
    const connection = new Connection(this.path);
    try {
      connection.verify();
    } finally {
      connection.close();
    }
  }

  statistics(): Statistics {
    const detail: Record<string, number> = { 'page size': PAGE_SIZE, pages: this.#first.pages };
    for (const [i, table] of this.#tables.entries()) {
      let rows = 0;
      table.walk(() => rows++);
      detail[`rows in ${SCHEMA[i].name}`] = rows;
    }
    return { entries: detail[`rows in ${SCHEMA[0].name}`], bytes: this.#input.size, detail };
  }

  close(): void {
    this.#input.close();
  }

  #check(pairs: Pairs, visitPages?: (page: number, count: number) => void): void {
    const { entries, texts } = withRoom(this.path, () => arrange(this.path, pairs, this.#first.terminated));
    const expected = [entries, texts, entries];
    for (const [i, table] of this.#tables.entries()) {
      const checker = new EntryChecker(`${this.path}: table ${SCHEMA[i].name}`, expected[i]);
      table.walk((bytes, view, keyStart, keyEnd, valueStart, valueEnd) => {
        checker.check(bytes, view, keyStart, keyEnd, view, valueStart, valueEnd);
      }, visitPages);
      checker.end();
    }
  }
}
