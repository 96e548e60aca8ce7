const PAGE = 65536;
/** 32-bit addresses end here. */
const MOST_PAGES = 65536;
/** What loops may read beyond the end of something. */
const SLACK = 64;

/** A table that has no room in 4 GiB, or in the machine. */
export class MemoryFullError extends Error {
  override readonly name = 'MemoryFullError';

  constructor(bytes: number, cause: unknown) {
    super(
      `no room for ${bytes} bytes more: a table is worked on in at most 4 GiB of memory, which some 30 million entries of 50 bytes take; divide it into several`,
      { cause },
    );
  }
}

const modules = new WeakMap<Uint8Array, WebAssembly.Module>();
const memories = new WeakMap<ArrayBufferLike, LinearMemory>();

/**
 * Memory of WebAssembly, where compiled loops work on the bytes and columns of a table. An address is a place in it. What is
 * reserved is given back with the whole; the operating system gives memory only where it is touched.
 */
export class LinearMemory {
  readonly #memory: WebAssembly.Memory;

  /** @param handle a WebAssembly.Memory, which not every user of the library has a type of: that of another thread. Otherwise it is a new one */
  constructor(handle?: unknown) {
    // Shared, so that it grows in place: what views there are stay good. Nothing gets the address 0: it means that there is nothing.
    this.#memory =
      handle instanceof WebAssembly.Memory
        ? handle
        : new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: true });
  }

  /** The memory that `view` lies in, as far as this thread knows. */
  static of(view: Uint8Array | Uint32Array): LinearMemory | undefined {
    return memories.get(view.buffer);
  }

  /** What another thread takes from a message, with `views` of the memory, for `adopt`. */
  static handlesOf(views: readonly (Uint8Array | Uint32Array)[]): readonly unknown[] {
    return views.map((view) => memories.get(view.buffer)?.handle);
  }

  /** Lets this thread know in which memories views lie that came in a message. @param handles of these views */
  static adopt(views: readonly (Uint8Array | Uint32Array)[], handles: readonly unknown[]): void {
    const adopted = new Map<unknown, LinearMemory>();
    for (const [i, handle] of handles.entries()) {
      if (!(handle instanceof WebAssembly.Memory)) continue;
      const memory = adopted.get(handle) ?? new LinearMemory(handle);
      adopted.set(handle, memory);
      memories.set(views[i].buffer, memory);
    }
  }

  private get handle(): unknown {
    return this.#memory;
  }

  /** The address of that many zeroed bytes, and some more that may be read. @throws MemoryFullError */
  reserve(bytes: number): number {
    try {
      return this.#memory.grow(Math.ceil((bytes + SLACK) / PAGE)) * PAGE;
    } catch (cause) {
      throw new MemoryFullError(bytes, cause);
    }
  }

  /**
   * Likewise, with memory for all of it. It is for what loops read before they write to it, here and there: a page that was read first
   * stands for zeros that all have in common, and the first write to it interrupts every processor.
   *
   * @throws MemoryFullError
   */
  reserveTouched(bytes: number): number {
    const address = this.reserve(bytes);
    this.bytes(address, bytes).fill(0);
    return address;
  }

  /** Everything; an index is an address. */
  all(): Uint8Array {
    return new Uint8Array(this.#buffer());
  }

  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#buffer(), address, length);
  }

  numbers(address: number, length: number): Uint32Array {
    return new Uint32Array(this.#buffer(), address, length);
  }

  /** The address of what `view` has, which is copied in unless it is in this memory already. @throws MemoryFullError */
  addressOf(view: Uint8Array | Uint32Array): number {
    if (LinearMemory.of(view) === this) return view.byteOffset;
    const address = this.reserve(view.byteLength);
    this.bytes(address, view.byteLength).set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
    return address;
  }

  /** The functions that `code` exports, at work in this memory. */
  instantiate(code: Uint8Array): object {
    let module = modules.get(code);
    if (module === undefined) {
      module = new WebAssembly.Module(code);
      modules.set(code, module);
    }
    return new WebAssembly.Instance(module, { env: { memory: this.#memory } }).exports;
  }

  #buffer(): SharedArrayBuffer {
    const { buffer } = this.#memory;
    memories.set(buffer, this);
    return buffer;
  }
}
