import { viewOf } from '../bytes.ts';
import { DbmError } from '../error.ts';
import type { WriteOptions } from '../format.ts';
import { inKeyOrder, type Run } from '../in-key-order.ts';
import { isTwice } from '../is-twice.ts';
import { measure } from '../limits.ts';
import type { Output, OutputStream } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import { PLACE, PLACE_BYTES, TableGroups } from '../table-groups.ts';
import { withRoom } from '../with-room.ts';
import { WrittenTable } from '../written-table.ts';
import { WrongRecordError } from '../wrong-record.ts';
import { BranchWriter, type Level } from './branch-writer.ts';
import { LmdbFile } from './file.ts';
import { META_PAGES, OVERFLOW, overflowPages, PAGE, PAGE_HEADER, PAGE_SIZE } from './layout.ts';
import { limits } from './limits.ts';
import { type Loops, loopsIn } from './loops.ts';
import { type Tree, writeMeta } from './meta.ts';
import { writeHeader } from './page-header.ts';

/** `Format.write` for LMDB, data format 1. */
export async function writeLmdb(path: string, pairs: Pairs, options: WriteOptions = {}): Promise<void> {
  const terminated = options.terminated ?? false;
  const nul = terminated ? 1 : 0;
  const table = withRoom(path, () => new TableGroups(pairs, loopsIn));
  const sizes = table.sizes(nul);
  if (sizes.longestKey > limits.key || sizes.longestValue > limits.value)
    measure(path, pairs, terminated, limits);
  await new Writer(path, table, nul).write(options);
}

/** Writes entries to leaf pages, each followed by the overflow pages of its values, then the pages that lead there. */
class Writer {
  readonly #path: string;
  readonly #table: TableGroups<Loops>;
  readonly #nul: 0 | 1;
  readonly #written: WrittenTable;
  readonly #leaves: Level = { pages: [], keys: [] };
  /** Address of the entries that begin the pages of a piece. */
  readonly #firsts: number;
  #nextPage = META_PAGES;
  #overflowPages = 0;

  constructor(path: string, table: TableGroups<Loops>, nul: 0 | 1) {
    this.#path = path;
    this.#table = table;
    this.#nul = nul;
    this.#written = new WrittenTable(path, table.memory, table.loops);
    this.#firsts = table.memory.reserve(PAGE_SIZE);
  }

  async write(options: WriteOptions): Promise<void> {
    await this.#written.create(
      (output) => this.#fill(output),
      (path) => new LmdbFile(path, { terminated: this.#nul === 1 }),
      options,
    );
  }

  /** The meta pages come last: a file that was left half-written is none. */
  async #fill(output: Output): Promise<void> {
    const stream = this.#written.stream(output, META_PAGES * PAGE_SIZE);
    const { memory } = this.#table;
    let waiting = 0;
    for (const run of inKeyOrder(this.#table, (key) => isTwice(this.#path, key))) {
      const { places, count, isLast } = run;
      if (count > 0) this.#written.lookups.sample(places);
      const first = places - PLACE_BYTES * waiting;
      let left = waiting + count;
      if (this.#leaves.pages.length === 0 && left > 0) this.#refuseEmptyKey(first);
      for (let written = -1; left > 0 && written !== 0; left -= written) {
        const done = waiting + count - left;
        written = this.#writeLeaves({ places: first + PLACE_BYTES * done, count: left, isLast }, stream);
        if (output.full) await output.room();
      }
      const rest = places + PLACE_BYTES * (count - left);
      memory.all().copyWithin(places - PLACE_BYTES * left, rest, rest + PLACE_BYTES * left);
      waiting = left;
    }

    const leafPages = this.#leaves.pages.length;
    let depth = Math.min(leafPages, 1);
    let branchPages = 0;
    const branches = new BranchWriter(this.#nul, stream);
    let level = this.#leaves;
    for (; level.pages.length > 1; depth++) {
      level = branches.write(level, this.#nextPage);
      branchPages += level.pages.length;
      this.#nextPage += level.pages.length;
      if (output.full) await output.room();
    }
    stream.end();
    await output.settle();

    const [root] = level.pages;
    const entries = this.#table.count;
    this.#writeMetas(output, {
      flags: 0,
      depth,
      branchPages,
      leafPages,
      overflowPages: this.#overflowPages,
      entries,
      root,
    });
  }

  #refuseEmptyKey(place: number): void {
    const [start, end] = this.#table.memory.numbers(place, PLACE);
    if (this.#nul === 0 && start === end)
      throw new DbmError(this.#path, 'an entry has an empty key, which LMDB cannot hold');
  }

  /** Writes as many entries of `run` as fill pages of a piece. @returns how many; 0 when they do not fill a page */
  #writeLeaves({ places, count, isLast }: Run, stream: OutputStream): number {
    const { loops } = this.#table;
    const room = stream.room(PAGE_SIZE);
    const out = stream.address;
    const pages = loops.writeLeaves(
      places,
      count,
      isLast,
      this.#nul,
      out,
      room,
      this.#nextPage,
      this.#firsts,
    );
    if (pages > 0) {
      const entries = loops.entriesWritten();
      this.#addLeaves(places, entries, count, out, pages, 0);
      stream.take(pages * PAGE_SIZE);
      return entries;
    }
    const entries = loops.leafEnd(places, count, this.#nul);
    if (entries === count && !isLast) return 0;
    this.#writeWithOverflow(places, entries, count, stream);
    return entries;
  }

  /** Takes note of pages that are at `out`. */
  #addLeaves(
    places: number,
    entries: number,
    all: number,
    out: number,
    pages: number,
    bigPage: number,
  ): void {
    const { memory, loops } = this.#table;
    if (!loops.areLeaves(places, entries, all, this.#nul, out, pages, this.#nextPage, bigPage))
      throw new WrongRecordError(this.#nextPage * PAGE_SIZE);
    for (const first of memory.numbers(this.#firsts, pages)) {
      const [start, end] = memory.numbers(places + PLACE_BYTES * first, PLACE);
      this.#leaves.keys.push(memory.bytes(start, end - start).slice());
      this.#leaves.pages.push(this.#nextPage++);
    }
  }

  /** Writes a leaf, and its values that lie on pages of their own. */
  #writeWithOverflow(places: number, entries: number, all: number, stream: OutputStream): void {
    const { memory, loops } = this.#table;
    const bigPage = this.#nextPage + 1;
    const out = stream.address;
    loops.writeLeaf(places, entries, this.#nul, out, this.#nextPage, bigPage);
    memory.numbers(this.#firsts, 1)[0] = 0;
    this.#addLeaves(places, entries, all, out, 1, bigPage);
    stream.take(PAGE_SIZE);
    for (let place = places; place < places + PLACE_BYTES * entries; place += PLACE_BYTES) {
      if (!loops.isBig(place, this.#nul)) continue;
      const [, , start, end] = memory.numbers(place, PLACE);
      this.#writeBig(memory.bytes(start, end - start), stream);
      this.#written.lookups.add(place);
    }
  }

  /** A value on pages of its own, of which only the first has a header. */
  #writeBig(value: Uint8Array, stream: OutputStream): void {
    const pages = overflowPages(value.length + this.#nul, PAGE_SIZE);
    let from = 0;
    for (let page = 0; page < pages; page++) {
      const start = stream.take(PAGE_SIZE);
      const { bytes, view } = stream.piece;
      const header = page === 0 ? PAGE_HEADER : 0;
      if (page === 0) {
        writeHeader(view, start, this.#nextPage, OVERFLOW);
        view.setUint32(start + PAGE.pages, pages, true);
      }
      const part = value.subarray(from, from + PAGE_SIZE - header);
      bytes.set(part, start + header);
      bytes.fill(0, start + header + part.length, start + PAGE_SIZE);
      from += part.length;
    }
    this.#nextPage += pages;
    this.#overflowPages += pages;
  }

  #writeMetas(output: Output, tree: Tree): void {
    const metas = new Uint8Array(META_PAGES * PAGE_SIZE);
    const view = viewOf(metas);
    for (let page = 0; page < META_PAGES; page++)
      writeMeta(view, page * PAGE_SIZE, page, tree, this.#nextPage - 1);
    const stream = this.#written.stream(output, 0);
    stream.put(metas);
    stream.end();
  }
}
