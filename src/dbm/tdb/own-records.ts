import { sameBytes, viewOf } from '../bytes.ts';
import { fetchBytes, type HashOrder, PLACE } from '../hash-order.ts';
import type { Input } from '../input.ts';
import { ReadWindow } from '../read-window.ts';
import { hashKey } from './hash.ts';
import { chainHead, HEADER, RECORD, RECORD_HEADER, recordSize, TAIL, USED } from './layout.ts';

/** Records whose bytes in the table are fetched together. */
const STRETCH = 256;

/**
 * Reads a file whose records should be a table's entries one after the other, those of each chain together, as our own are,
 * through small windows.
 */
export class OwnRecords {
  /** Means nothing; keeps the fetching from being optimised away. */
  fetched = 0;
  readonly #input: Input;
  readonly #heads: ReadWindow;
  readonly #records: ReadWindow;
  readonly #pool: Uint8Array;
  readonly #poolView: DataView;
  readonly #places: Uint32Array;
  readonly #hashSize: number;
  readonly #nul: number;
  /** Where the next record begins. */
  #offset: number;
  /** Chains whose heads have been met; where the last record of the last one leads. */
  #chains = 0;
  #next = 0;

  constructor(input: Input, pool: Uint8Array, { places }: HashOrder, hashSize: number, terminated: boolean) {
    this.#input = input;
    this.#heads = new ReadWindow(input);
    this.#records = new ReadWindow(input);
    this.#pool = pool;
    this.#poolView = viewOf(pool);
    this.#places = places;
    this.#hashSize = hashSize;
    this.#nul = terminated ? 1 : 0;
    this.#offset = chainHead(hashSize);
  }

  /**
   * Whether the records are the entries in turn, each with the hash of its key, and each chain leads from its head to its
   * own; also false when one is too long for the window.
   */
  areSound(): boolean {
    const count = this.#places.length / PLACE;
    for (let from = 0; from < count; from += STRETCH) {
      if (!this.#compare(from, Math.min(from + STRETCH, count))) return false;
    }
    return (
      this.#next === 0 &&
      this.#offset === this.#input.size &&
      this.#meetHead(this.#hashSize, 0) &&
      this.#isNothingFree()
    );
  }

  #isNothingFree(): boolean {
    return viewOf(this.#input.bytes(HEADER.freeList, 4)).getUint32(0, true) === 0;
  }

  #compare(from: number, to: number): boolean {
    const places = this.#places;
    const poolView = this.#poolView;
    const records = this.#records;
    const { bytes, view } = records;
    const hashSize = this.#hashSize;
    const nul = this.#nul;
    this.fetched = fetchBytes(this.#pool, places, from, to);
    let offset = this.#offset;
    let expected = this.#next;
    for (let i = from; i < to; i++) {
      const keyStart = places[PLACE * i];
      const valueStart = places[PLACE * i + 2];
      const key = places[PLACE * i + 1] - keyStart;
      const value = places[PLACE * i + 3] - valueStart;
      const size = recordSize(key + value + 2 * nul);
      const at = records.load(offset, size);
      if (at < 0) return false;
      const keyAt = at + RECORD_HEADER;
      const valueAt = keyAt + key + nul;
      const same =
        view.getUint32(at + RECORD.length, true) === size - RECORD_HEADER &&
        view.getUint32(at + RECORD.key, true) === key + nul &&
        view.getUint32(at + RECORD.value, true) === value + nul &&
        view.getUint32(at + RECORD.magic, true) === USED &&
        view.getUint32(at + size - TAIL, true) === size &&
        sameBytes(view, keyAt, poolView, keyStart, key) &&
        sameBytes(view, valueAt, poolView, valueStart, value) &&
        (nul === 0 || (bytes[keyAt + key] === 0 && bytes[valueAt + value] === 0));
      if (!same) return false;
      const hash = hashKey(bytes, keyAt, keyAt + key + nul, false);
      if (view.getUint32(at + RECORD.hash, true) !== hash) return false;
      const chain = hash % hashSize;
      if (expected === 0) {
        if (!this.#meetHead(chain, offset)) return false;
      } else if (expected !== offset || chain !== this.#chains - 1) return false;
      expected = view.getUint32(at + RECORD.next, true);
      offset += size;
    }
    this.#offset = offset;
    this.#next = expected;
    return true;
  }

  /** Whether the chains before `chain` have no records, and that one's head leads to `offset`. */
  #meetHead(chain: number, offset: number): boolean {
    const heads = this.#heads;
    const hashSize = this.#hashSize;
    if (chain < this.#chains) return false;
    for (; this.#chains <= chain && this.#chains < hashSize; this.#chains++) {
      const at = heads.load(chainHead(this.#chains), 4);
      if (at < 0 || heads.view.getUint32(at, true) !== (this.#chains === chain ? offset : 0)) return false;
    }
    return true;
  }
}
