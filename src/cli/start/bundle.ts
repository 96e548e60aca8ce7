import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { Script } from 'node:vm';
import { CodeCache } from './code-cache.ts';

const bundles = new Map<string, Bundle>();

/** Code in one CommonJS file. V8 compiles none of it that a code cache beside it holds. */
export class Bundle {
  readonly #file: string;
  readonly #cache: CodeCache;
  readonly #script: Script;
  #exports: unknown;

  private constructor(file: string) {
    this.#file = file;
    const source = readFileSync(file);
    this.#cache = new CodeCache(`${file}.cache`, source);
    this.#script = new Script(
      `(function (exports, require, module, __filename, __dirname) {${source.toString('latin1')}\n})`,
      { filename: file, cachedData: this.#cache.read() },
    );
  }

  /** @throws Error when the file can't be read */
  static at(file: string): Bundle {
    const bundle = bundles.get(file) ?? new Bundle(file);
    bundles.set(file, bundle);
    return bundle;
  }

  static get loaded(): Iterable<Bundle> {
    return bundles.values();
  }

  /** Whether there was a code cache that V8 took. */
  get isCompiled(): boolean {
    return this.#script.cachedDataRejected === false;
  }

  /** Runs the code. What it requires from its own folder are bundles, too. */
  run(): void {
    const module = { exports: {} };
    const others = createRequire(this.#file);
    const require = (name: string): unknown =>
      name.startsWith('./') ? Bundle.at(resolve(dirname(this.#file), name)).exports() : others(name);
    this.#script.runInThisContext()(module.exports, require, module, this.#file, dirname(this.#file));
    this.#exports = module.exports;
  }

  /** What the code exports; it runs once. */
  exports(): unknown {
    if (this.#exports === undefined) this.run();
    return this.#exports;
  }

  /** Writes the code cache: what has run so far, and no more. @throws Error when the file can't be written */
  keepCompiled(): void {
    this.#cache.write(this.#script.createCachedData());
  }
}
