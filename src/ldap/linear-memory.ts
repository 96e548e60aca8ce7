const PAGE = 65536;
/** 32-bit addresses end here. */
const MOST_PAGES = 65536;
/** What loops may read and write beyond the end of something. */
const SLACK = 64;

/** This process gets no more memory for what a directory answers. */
export class NoMemoryError extends Error {
  override readonly name = 'NoMemoryError';

  constructor(bytes: number, cause: unknown) {
    super(
      `no memory for ${bytes} bytes more of what it answers: give this machine more, or this process, where it is limited`,
      { cause },
    );
  }
}

let module: WebAssembly.Module | undefined;

/**
 * Memory of WebAssembly, where compiled loops take entries apart. What is reserved stays where it is, its `byteOffset` is its address,
 * and it is given back with the whole; the operating system gives memory only where it is touched.
 */
export class LinearMemory {
  readonly #memory = new WebAssembly.Memory({ initial: 0, maximum: MOST_PAGES, shared: true });
  /** What was reserved lies in one of these: there is another one each time that the memory has grown. */
  readonly #buffers = new WeakSet<ArrayBufferLike>();

  holds({ buffer }: Uint8Array): boolean {
    return this.#buffers.has(buffer);
  }

  /** That many zeroed bytes, and some more that loops may use. @throws NoMemoryError */
  bytes(length: number): Buffer {
    const address = this.#reserve(length);
    const { buffer } = this.#memory;
    this.#buffers.add(buffer);
    return Buffer.from(buffer, address, length);
  }

  /** That many zeros, likewise. @throws NoMemoryError */
  numbers(length: number): Int32Array {
    const address = this.#reserve(length * Int32Array.BYTES_PER_ELEMENT);
    return new Int32Array(this.#memory.buffer, address, length);
  }

  /** Likewise, of numbers that have no sign. @throws NoMemoryError */
  unsigned(length: number): Uint32Array {
    const { buffer, byteOffset } = this.numbers(length);
    return new Uint32Array(buffer, byteOffset, length);
  }

  /** The functions that `code` exports, at work in this memory; what they remember is theirs. */
  instantiate(code: Uint8Array): object {
    module ??= new WebAssembly.Module(code);
    return new WebAssembly.Instance(module, { env: { memory: this.#memory } }).exports;
  }

  #reserve(bytes: number): number {
    try {
      return this.#memory.grow(Math.ceil((bytes + SLACK) / PAGE)) * PAGE;
    } catch (cause) {
      throw new NoMemoryError(bytes, cause);
    }
  }
}
