/** A table file that can't be written or read: names the file, and the byte offset of the fault where there is one. */
export class DbmError extends Error {
  override readonly name = 'DbmError';
  readonly path: string;
  /** The message without the place. */
  readonly reason: string;
  readonly offset: number | undefined;

  constructor(path: string, message: string, options: { offset?: number; cause?: unknown } = {}) {
    const place = options.offset === undefined ? path : `${path}: byte ${options.offset}`;
    super(`${place}: ${message}`, { cause: options.cause });
    this.path = path;
    this.reason = message;
    this.offset = options.offset;
  }
}
