/** What is used of WebAssembly: TypeScript describes it for browsers only. */
declare namespace WebAssembly {
  class Memory {
    constructor(limits: { initial: number; maximum: number; shared: true });
    readonly buffer: SharedArrayBuffer;
    /** @returns the size before, in pages; @throws RangeError */
    grow(pages: number): number;
  }

  class Module {
    constructor(code: Uint8Array);
  }

  class Instance {
    constructor(module: Module, imports: { env: { memory: Memory } });
    readonly exports: object;
  }
}
