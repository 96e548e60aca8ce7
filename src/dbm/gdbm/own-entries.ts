import { sameBytes, viewOf } from '../bytes.ts';
import { fetchBytes, type HashOrder, PLACE } from '../hash-order.ts';
import type { Input } from '../input.ts';
import { ReadWindow } from '../read-window.ts';
import type { Bucket } from './bucket.ts';
import { forEachBucket, prefixOf } from './entries.ts';
import { hashKey } from './hash.ts';
import type { Header } from './header.ts';
import { BUCKET, ELEMENT, ELEMENT_SIZE, EMPTY, KEY_START } from './layout.ts';

/** Looks a table's entries up in a file that should have them in the order of their hashes, as our own do, bucket by bucket. */
export class OwnEntries {
  /** Means nothing; keeps the fetching from being optimised away. */
  fetched = 0;
  readonly #input: Input;
  readonly #header: Header;
  readonly #records: ReadWindow;
  readonly #pool: Uint8Array;
  readonly #poolView: DataView;
  readonly #order: HashOrder;
  readonly #nul: number;

  constructor(input: Input, header: Header, pool: Uint8Array, order: HashOrder, terminated: boolean) {
    this.#input = input;
    this.#header = header;
    this.#records = new ReadWindow(input);
    this.#pool = pool;
    this.#poolView = viewOf(pool);
    this.#order = order;
    this.#nul = terminated ? 1 : 0;
  }

  /**
   * Whether a lookup finds every entry, and there are no others; also false when one is too long for the window.
   *
   * @throws DbmError when the directory and the buckets do not agree
   */
  areSound(): boolean {
    let met = 0;
    let sound = true;
    forEachBucket(this.#input, this.#header, (bucket, prefix) => {
      sound = sound && this.#hasEntries(bucket, prefix, met, met + bucket.count);
      met += bucket.count;
    });
    return sound && met === this.#order.hashes.length;
  }

  /** Whether the bucket has the entries `[from, to)` and no others. */
  #hasEntries(bucket: Bucket, prefix: number, from: number, to: number): boolean {
    const { places, hashes } = this.#order;
    const poolView = this.#poolView;
    const records = this.#records;
    const { bytes, view } = records;
    const nul = this.#nul;
    const elements = this.#header.bucketElements;
    if (to > hashes.length || countElements(bucket.view, elements) !== to - from) return false;
    this.fetched = fetchBytes(this.#pool, places, from, to);
    for (let i = from; i < to; i++) {
      const keyStart = places[PLACE * i];
      const valueStart = places[PLACE * i + 2];
      const key = places[PLACE * i + 1] - keyStart;
      const value = places[PLACE * i + 3] - valueStart;
      const hash = hashes[i];
      if (prefixOf(hash, bucket.bits) !== prefix) return false;
      let element = hash % elements;
      let at = -1;
      for (let passed = 0; at < 0; passed++) {
        if (passed === elements || bucket.isEmpty(element)) return false;
        if (bucket.hash(element) === hash && bucket.keySize(element) === key + nul) {
          at = records.load(bucket.entryAddress(element), key + bucket.valueSize(element) + nul);
          if (at < 0) return false;
          if (!sameBytes(view, at, poolView, keyStart, key)) at = -1;
        }
        if (at < 0) element = element + 1 === elements ? 0 : element + 1;
      }
      const valueAt = at + key + nul;
      const same =
        bucket.valueSize(element) === value + nul &&
        sameBytes(view, valueAt, poolView, valueStart, value) &&
        (nul === 0 || (bytes[at + key] === 0 && bytes[valueAt + value] === 0)) &&
        hashKey(bytes, at, at + key + nul, false) === hash;
      if (!same) return false;
      const shown = BUCKET.elements + element * ELEMENT_SIZE + ELEMENT.keyStart;
      for (let byte = 0; byte < KEY_START && byte < key + nul; byte++) {
        if (bucket.view.getUint8(shown + byte) !== bytes[at + byte]) return false;
      }
    }
    return true;
  }
}

function countElements(view: DataView, elements: number): number {
  let count = 0;
  const end = BUCKET.elements + elements * ELEMENT_SIZE;
  for (let at = BUCKET.elements + ELEMENT.hash; at < end; at += ELEMENT_SIZE) {
    if (view.getUint32(at, true) !== EMPTY) count++;
  }
  return count;
}
