import { viewOf } from '../bytes.ts';
import type { Input } from '../input.ts';
import type { ReadWindow } from '../read-window.ts';
import { getAddress, type Header } from './header.ts';
import { BUCKET, ELEMENT, ELEMENT_SIZE, EMPTY } from './layout.ts';

/** A bucket, read again and again. Elements are checked as far as reading their entries safely needs. */
export class Bucket {
  address = 0;
  bits = 0;
  count = 0;
  /** A bucket as the file has it. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #input: Input;
  readonly #header: Header;
  readonly #window: ReadWindow | undefined;

  /** @param window what reads ahead, where one bucket after the other is asked for */
  constructor(input: Input, header: Header, window?: ReadWindow) {
    this.#input = input;
    this.#window = window;
    this.#header = header;
    this.bytes = input.allocate(header.bucketSize);
    this.view = viewOf(this.bytes);
  }

  /** @throws DbmError when no bucket can be there */
  load(address: number): void {
    const { bucketSize, blockSize, bucketElements, directoryBits } = this.#header;
    if (address < blockSize || address + bucketSize > this.#input.size) {
      throw this.#input.fault(Math.max(0, address), 'the directory leads here, where no bucket can be');
    }
    const at = this.#window?.load(address, bucketSize) ?? -1;
    if (this.#window === undefined || at < 0) this.#input.read(this.bytes, address);
    else this.bytes.set(this.#window.bytes.subarray(at, at + bucketSize));
    this.address = address;
    this.bits = this.view.getInt32(BUCKET.bits, true);
    this.count = this.view.getInt32(BUCKET.count, true);
    const possible =
      this.bits >= 0 && this.bits <= directoryBits && this.count >= 0 && this.count <= bucketElements;
    if (!possible)
      throw this.#input.fault(address + BUCKET.bits, `a bucket of ${this.bits} bits, ${this.count} elements`);
  }

  /** The hash of an element, `EMPTY` where there is none. */
  hash(element: number): number {
    return this.view.getUint32(BUCKET.elements + element * ELEMENT_SIZE + ELEMENT.hash, true);
  }

  keySize(element: number): number {
    return this.view.getInt32(BUCKET.elements + element * ELEMENT_SIZE + ELEMENT.keySize, true);
  }

  valueSize(element: number): number {
    return this.view.getInt32(BUCKET.elements + element * ELEMENT_SIZE + ELEMENT.valueSize, true);
  }

  /** Where an element's key begins, its value right behind. @throws DbmError when the entry is not within the file */
  entryAddress(element: number): number {
    const address = getAddress(this.view, BUCKET.elements + element * ELEMENT_SIZE + ELEMENT.address);
    const key = this.keySize(element);
    const value = this.valueSize(element);
    if (address < 0 || key < 0 || value < 0 || address + key + value > this.#input.size) {
      throw this.fault(element, 'its entry is not within the file');
    }
    return address;
  }

  isEmpty(element: number): boolean {
    return this.hash(element) === EMPTY;
  }

  fault(element: number, message: string): Error {
    return this.#input.fault(
      this.address + BUCKET.elements + element * ELEMENT_SIZE,
      `element ${element}: ${message}`,
    );
  }
}
