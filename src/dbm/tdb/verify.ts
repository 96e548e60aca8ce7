import { viewOf } from '../bytes.ts';
import type { Input } from '../input.ts';
import { isTwice } from '../is-twice.ts';
import { sortedByKey } from '../sorting/sorted-by-key.ts';
import { hashKey } from './hash.ts';
import type { Header } from './header.ts';
import { chainHead, HEADER, RECORD, RECORD_HEADER } from './layout.ts';
import type { Records } from './records.ts';

/**
 * Checks that every record is in the chain or list that it belongs to, and in no other.
 *
 * @throws DbmError naming the first fault
 */
export function checkChains(input: Input, header: Header, records: Records): void {
  new ChainChecker(input, header, records).check();
}

/** @throws DbmError when a key is there twice: a lookup finds only the first */
export function checkKeys(input: Input, { pairs }: Records): void {
  sortedByKey(input.path, pairs, (key) => isTwice(input.path, key));
}

/** Of what kind the record is that begins at a word of the file; records that were met are none any more. */
const HASHED = 1;
const UNUSED = 2;

class ChainChecker {
  readonly #input: Input;
  readonly #header: Header;
  readonly #records: Records;
  readonly #pool: Uint8Array;
  readonly #view: DataView;
  readonly #little: boolean;
  readonly #kind: Uint8Array;

  constructor(input: Input, header: Header, records: Records) {
    this.#input = input;
    this.#header = header;
    this.#records = records;
    this.#pool = records.pairs.pool;
    this.#view = viewOf(this.#pool);
    this.#little = !header.bigEndian;
    this.#kind = new Uint8Array(Math.ceil(this.#pool.length / 4));
  }

  check(): void {
    const { offset, dead, free, pairs } = this.#records;
    for (let i = 0; i < pairs.count; i++) this.#checkHash(offset[i]);
    for (const record of dead) this.#checkHash(record);
    for (const record of free) this.#kind[record >>> 2] = UNUSED;
    let reached = this.#walk(HEADER.freeList, UNUSED, undefined);
    if (reached !== free.length)
      throw this.#input.fault(HEADER.freeList, `${reached} of ${free.length} free records`);
    reached = 0;
    for (let chain = 0; chain < this.#header.hashSize; chain++) {
      reached += this.#walk(chainHead(chain), HASHED, chain);
    }
    const all = pairs.count + dead.length;
    if (reached !== all)
      throw this.#input.fault(chainHead(0), `the chains lead to ${reached} of ${all} records`);
  }

  #checkHash(record: number): void {
    const start = record + RECORD_HEADER;
    const hash = hashKey(this.#pool, start, start + this.#get(record + RECORD.key));
    if (hash !== this.#get(record + RECORD.hash))
      throw this.#input.fault(record, 'the record has another hash than its key');
    this.#kind[record >>> 2] = HASHED;
  }

  /** Follows a list, each record of which must be of that kind and is met once. Returns their number. */
  #walk(head: number, kind: number, chain: number | undefined): number {
    let count = 0;
    let from = head;
    for (let record = this.#get(head); record !== 0; record = this.#get(record + RECORD.next)) {
      const place = record % 4 === 0 ? this.#kind[record >>> 2] : 0;
      if (place !== kind)
        throw this.#input.fault(from, `leads to byte ${record}, where no such record begins, or again`);
      if (chain !== undefined && this.#get(record + RECORD.hash) % this.#header.hashSize !== chain) {
        throw this.#input.fault(record, `a record in chain ${chain}, to which it does not belong`);
      }
      this.#kind[record >>> 2] = 0;
      from = record;
      count++;
    }
    return count;
  }

  #get(offset: number): number {
    return this.#view.getUint32(offset, this.#little);
  }
}
