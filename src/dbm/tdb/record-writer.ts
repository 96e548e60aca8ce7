import { viewOf } from '../bytes.ts';
import { EntryBytes } from '../entry-bytes.ts';
import { fetchBytes, type HashOrder, PLACE } from '../hash-order.ts';
import { type OutputStream, PIECE_SIZE } from '../output.ts';
import { chainHead, RECORD, RECORD_HEADER, recordSize, TAIL, USED } from './layout.ts';

/** Writes entries as records, one after the other, and the heads of their chains. */
export class RecordWriter {
  /** Means nothing; keeps the fetching from being optimised away. */
  fetched = 0;
  readonly #pool: Uint8Array;
  readonly #entries: EntryBytes;
  readonly #order: HashOrder;
  readonly #hashSize: number;
  readonly #heads: OutputStream;
  readonly #records: OutputStream;
  /** Where the next record begins. */
  #offset: number;
  /** Chains whose heads are written. */
  #chains = 0;

  /** @param order the entries, those of each chain together, in the order of the chains */
  constructor(
    pool: Uint8Array,
    order: HashOrder,
    hashSize: number,
    terminated: boolean,
    heads: OutputStream,
    records: OutputStream,
  ) {
    this.#pool = pool;
    this.#entries = new EntryBytes(pool, terminated);
    this.#order = order;
    this.#hashSize = hashSize;
    this.#heads = heads;
    this.#records = records;
    this.#offset = chainHead(hashSize);
  }

  /** Writes the entries `[from, to)`. */
  write(from: number, to: number): void {
    const entries = this.#entries;
    const { places, hashes } = this.#order;
    const hashSize = this.#hashSize;
    const records = this.#records;
    const { nul } = entries;
    this.fetched = fetchBytes(this.#pool, places, from, to);
    let offset = this.#offset;
    let nextChain = hashes[from] % hashSize;
    for (let i = from; i < to; i++) {
      const place = PLACE * i;
      const keyStart = places[place];
      const keyEnd = places[place + 1];
      const valueStart = places[place + 2];
      const valueEnd = places[place + 3];
      const chain = nextChain;
      if (chain >= this.#chains) this.#putHeads(chain, offset);
      nextChain = i + 1 < hashes.length ? hashes[i + 1] % hashSize : -1;
      const key = keyEnd - keyStart + nul;
      const value = valueEnd - valueStart + nul;
      const size = recordSize(key + value);
      const isLong = size > PIECE_SIZE;
      const start = records.take(isLong ? RECORD_HEADER : size);
      const { bytes, view } = records.piece;
      view.setUint32(start + RECORD.next, nextChain === chain ? offset + size : 0, true);
      view.setUint32(start + RECORD.length, size - RECORD_HEADER, true);
      view.setUint32(start + RECORD.key, key, true);
      view.setUint32(start + RECORD.value, value, true);
      view.setUint32(start + RECORD.hash, hashes[i], true);
      view.setUint32(start + RECORD.magic, USED, true);
      offset += size;
      if (isLong) {
        entries.put(keyStart, keyEnd, valueStart, valueEnd, records);
        this.#putTail(size, key + value);
        continue;
      }
      const at = entries.copy(keyStart, keyEnd, valueStart, valueEnd, bytes, view, start + RECORD_HEADER);
      const end = start + size;
      view.setUint32(at, 0, true);
      view.setUint32(end - TAIL, size, true);
    }
    this.#offset = offset;
  }

  /** Writes the heads of the chains that are left. */
  end(): void {
    this.#putHeads(this.#hashSize, 0);
  }

  /** Chains before `chain` have no records, `chain`'s first one is at `offset`. */
  #putHeads(chain: number, offset: number): void {
    const heads = this.#heads;
    const hashSize = this.#hashSize;
    for (; this.#chains <= chain && this.#chains < hashSize; this.#chains++) {
      const at = heads.take(4);
      heads.piece.view.setUint32(at, this.#chains === chain ? offset : 0, true);
    }
  }

  /** What follows the `content` bytes of a record that is longer than a piece. */
  #putTail(size: number, content: number): void {
    const rest = new Uint8Array(size - RECORD_HEADER - content);
    viewOf(rest).setUint32(rest.length - TAIL, size, true);
    this.#records.put(rest);
  }
}
