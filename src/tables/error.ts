/** A source that did not give its whole answer. Its tables stay as they are. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  /** The file or directory, as reports name it. */
  readonly source: string;

  constructor(source: string, message: string, options?: ErrorOptions) {
    super(`${source}: ${message}`, options);
    this.source = source;
  }
}

/** A table's files can't be read or written on this machine. */
export class PublishError extends Error {
  override readonly name = 'PublishError';
  readonly path: string;

  constructor(path: string, message: string, options?: ErrorOptions) {
    super(`${path}: ${message}`, options);
    this.path = path;
  }
}

export function directoryInTheWay(path: string): PublishError {
  return new PublishError(path, 'it is a directory; remove it, a file of the table belongs here');
}

/** What the operating system said, for a person: `No space left on device (ENOSPC)`. */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const message = error.message.replace(/^[A-Z0-9]+: /, '').replace(/,? \w+( '.*')?$/, '');
  return code === undefined ? error.message : `${message} (${code})`;
}
