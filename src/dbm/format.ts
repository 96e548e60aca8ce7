import type { Pairs } from './pairs.ts';
import type { SecondThread } from './second-thread/second-thread.ts';

export type FormatName = 'bdb' | 'cdb' | 'gdbm' | 'lmdb' | 'sqlite' | 'tdb';

/** What a format can hold. Sizes are bytes, with the trailing NUL where the format stores one. */
export interface Limits {
  readonly key: number;
  readonly value: number;
  readonly file: number;
}

export interface Statistics {
  readonly entries: number;
  readonly bytes: number;
  /** Further figures of the format, by the names its own tools use. */
  readonly detail: Readonly<Record<string, number>>;
}

/** An on-disk form that Exim looks up. One file a format implements it. */
export interface Format {
  readonly name: FormatName;
  /** What Exim's configuration expects behind the table's name: nothing for `dbm` lookups. */
  readonly suffix: string;
  readonly limits: Limits;
  /** A file that readers need beside the table, if they do. It is put in place with the table, after it. */
  readonly companion?: Companion;

  /**
   * Creates `path`, which must not exist, from entries with unique keys in any order; the same entries give the same
   * bytes. The file is complete and fsynced when the promise resolves; when it rejects, `path` is gone again.
   *
   * @throws DbmError for an entry over the limits, a repeated key, any fault of the file system, or of reading it back
   */
  write(path: string, pairs: Pairs, options?: WriteOptions): Promise<void>;

  /**
   * Does what `patch` can do before it is known what changes: creates `path`, which must not exist, as a copy of `old`, read
   * back and fsynced. Undefined where a format is always written whole.
   *
   * @returns undefined when `old` is no file of `write`, or damaged; there is no `path` then
   * @throws DbmError for any fault of the file system; `path` is gone again then
   */
  prepare?(path: string, old: string): Promise<Prepared | undefined>;

  /**
   * Creates `path`, which must not exist, from `old`, a file of `write` with the entries before: the very file that `write`
   * would make of those after, complete, read back and fsynced. Undefined where a format is always written whole.
   *
   * @param prepared what `prepare` gave, if it was asked: then `path` is there, and as it left it
   * @returns false when it can't be made in this way, because `old` is not that file or too much would change; there is no
   * `path` then
   * @throws DbmError for any fault of the file system; `path` is gone again then
   */
  patch?(path: string, old: string, change: Change, prepared?: Prepared): Promise<boolean>;

  /** Whether `write` can give half of its work to a second thread. */
  readonly isShared?: boolean;

  /** @throws DbmError when the file can't be read or isn't of this format */
  open(path: string, options?: OpenOptions): DbmFile;
}

/** What a format knows of a copy that it will patch, as data that crosses between threads. */
export interface Prepared {
  /** Bytes in use on each page. */
  readonly contents: Uint32Array;
}

/** What makes one table another. A key whose value changes is in both. */
export interface Change {
  /** Entries of the table before that go. */
  readonly gone: Pairs;
  /** Entries of the table after that come. */
  readonly come: Pairs;
}

export interface Companion {
  /** What stands behind the table's whole name. */
  readonly suffix: string;

  /** Creates `path`, which must not exist, for a table that is to be read. @throws DbmError; `path` is gone again then */
  write(path: string): Promise<void>;
}

export interface WriteOptions {
  /** Store a NUL after each key and value. By default as Exim's lookup expects it: `dbm` with one, others without. */
  readonly terminated?: boolean | undefined;
  /** Read the file back, as `DbmFile.readBack` does, while it is forced to the disk. Default false. */
  readonly readBack?: boolean | undefined;
  /** Takes half of the work where a format can share it. The file is the same. */
  readonly second?: SecondThread | undefined;
}

export interface OpenOptions {
  /**
   * Whether the file stores a NUL after each key and value. By default, in formats for Exim's `dbm` lookup its keys tell,
   * which goes wrong only where a key without a NUL behind it ends in one of its own; in the others there is none.
   */
  readonly terminated?: boolean | undefined;
}

/**
 * An open table file. Keys and values go in and out as they are in `.dat`: a trailing NUL that the file stores is added
 * and removed here.
 */
export interface DbmFile {
  readonly path: string;
  readonly format: FormatName;

  /** The value of `key`, or undefined. @throws DbmError on a damaged page */
  get(key: Uint8Array): Uint8Array | undefined;

  /** Every entry, in the file's own order. @throws DbmError on a damaged page */
  pairs(): Pairs;

  /**
   * Looks every key of `pairs` up and compares its value.
   *
   * @throws DbmError naming the first key that is missing, extra or has another value
   */
  readBack(pairs: Pairs): void;

  /** Checks the structure of the whole file. @throws DbmError naming the first fault with its offset */
  verify(): void;

  statistics(): Statistics;
  close(): void;
}
