import { LinearMemory } from '../../dbm/linear-memory.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import { commonKeyBytes } from './key-prefixes.ts';
import { type Loops, loopsIn } from './loops.ts';
import type { Run, RunPlace } from './runs.ts';

/** The keys of so many stay in the processor's cache while they are sorted. */
const PIECE = 1 << 14;
/** The loop that merges comes back so often: the engine puts better code in its place in between. */
const STEP = 1 << 12;
/** As long as keys have less than this in common, their words from their beginning on tell enough of them. */
const FEW_IN_COMMON = 4;

const ALIGNMENT = 16;
/** How many numbers of 32 bits the words of a key take, and how many bytes. */
export const WORD_NUMBERS = 4;
const WORD_BYTES = WORD_NUMBERS * Uint32Array.BYTES_PER_ELEMENT;

/** Compiled loops that sort the entries of a table, and the memory that they take beside it. */
export class RunLoops {
  readonly #pairs: Pairs;
  readonly #memory: LinearMemory;
  readonly #loops: Loops;
  /** Where there is room, to be taken before any other, and its end. */
  #room = 0;
  #roomEnd = 0;

  /** @throws MemoryFullError */
  constructor(pairs: Pairs) {
    const { count, pool, keyStart, keyEnd } = pairs;
    const memory = LinearMemory.of(pool) ?? new LinearMemory();
    const column = (numbers: Uint32Array) => memory.addressOf(numbers.subarray(0, count));
    this.#pairs = pairs;
    this.#memory = memory;
    this.#loops = loopsIn(memory);
    this.#loops.setKeys(memory.addressOf(pool), column(keyStart), column(keyEnd));
  }

  /** @param place beside the table's pool */
  sort(from: number, to: number, place?: RunPlace): Run {
    if (place !== undefined) {
      this.#room = this.#memory.addressOf(place.room);
      this.#roomEnd = this.#room + place.room.byteLength;
    }
    const order = place?.order.subarray(0, to - from) ?? this.#numbers(to - from);
    const room = this.#take(this.#loops.sortingRoom(Math.min(to - from, PIECE)));
    if (to - from <= PIECE && place === undefined) return this.#sortPiece(from, to, order, room);
    const pieces: Run[] = [];
    for (let start = from; start < to; start += PIECE) {
      const end = Math.min(start + PIECE, to);
      pieces.push(this.#sortPiece(start, end, this.#numbers(end - start), room));
    }
    return this.#merge(pieces, order, place?.words.subarray(0, WORD_NUMBERS * order.length));
  }

  merge(runs: readonly Run[]): Run {
    return this.#merge(runs, this.#numbers(runs.reduce((sum, { order }) => sum + order.length, 0)));
  }

  #sortPiece(from: number, to: number, order: Uint32Array, room: number): Run {
    return { order, repeats: this.#loops.sortRun(from, to, order.byteOffset, room) !== 0 };
  }

  #merge(runs: readonly Run[], order: Uint32Array, words?: Uint32Array): Run {
    const loops = this.#loops;
    const depth = this.#depthOf(runs);
    loops.setRuns(runs.length, depth, this.#take(loops.mergingRoom(runs.length)));
    for (const [i, run] of runs.entries()) {
      const address = this.#memory.addressOf(run.order);
      loops.setRun(i, address, run.order.length, this.#wordsOf(run, address, depth));
    }
    loops.beginMerge();
    const wordsAt = words?.byteOffset ?? this.#take(WORD_BYTES * STEP);
    for (let done = 0; done < order.length; done += STEP) {
      const count = Math.min(STEP, order.length - done);
      loops.mergeSome(
        count,
        order.byteOffset + 4 * done,
        words === undefined ? wordsAt : wordsAt + WORD_BYTES * done,
      );
    }
    const repeats = loops.repeatsMet() !== 0 || runs.some((run) => run.repeats);
    return { order, repeats, words: words && { numbers: words, depth } };
  }

  #wordsOf({ order, words }: Run, address: number, depth: number): number {
    if (words?.depth === depth) return this.#memory.addressOf(words.numbers);
    const taken = this.#take(WORD_BYTES * order.length);
    for (let done = 0; done < order.length; done += STEP) {
      const count = Math.min(STEP, order.length - done);
      this.#loops.takeWords(address + 4 * done, count, depth, taken + WORD_BYTES * done);
    }
    return taken;
  }

  /** How many bytes all keys begin with in common, unless they are few: of sorted keys the first and the last speak for all. */
  #depthOf(runs: readonly Run[]): number {
    const ends = runs.flatMap(({ order }) => [order[0], order[order.length - 1]]);
    const common = commonKeyBytes(ends.map((entry) => ({ pairs: this.#pairs, entry })));
    return common < FEW_IN_COMMON ? 0 : common;
  }

  #numbers(count: number): Uint32Array {
    return this.#memory.numbers(this.#take(4 * count), count);
  }

  /** The address of so many bytes. */
  #take(bytes: number): number {
    const address = this.#room;
    const next = address + Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    if (next > this.#roomEnd) return this.#memory.reserve(bytes);
    this.#room = next;
    return address;
  }
}
