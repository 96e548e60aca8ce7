import { closeSync, fsync, ftruncateSync, openSync, unlinkSync, write } from 'node:fs';
import { promisify } from 'node:util';
import { viewOf } from './bytes.ts';
import { DbmError } from './error.ts';
import { writeFully } from './write-fully.ts';

/** A multiple of every page size; large enough that the system call costs nothing, small enough for the cache. */
export const PIECE_SIZE = 1 << 19;
/** How far a copy loop may write beyond a piece's end. */
const SLACK = 64;
/** Pieces that may wait for the disk before the writer waits for them. */
const MOST_PENDING = 2;
/** Bytes that are forced to the disk while the next ones are written: so it has little left to do in the end. */
const FORCED = 1 << 23;

export interface Piece {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** What takes the pieces of a stream. */
export interface PieceSink {
  /** A piece to be filled, and given back by `write`. */
  takePiece(): Piece;
  /** Writes the first `length` bytes of `piece`, which is the sink's own from here on. */
  write(piece: Piece, length: number, position: number): void;
}

/** Hears of bytes before they are written to `position`. */
export type Flushed = (bytes: Uint8Array, position: number) => void;

/**
 * Creates `path`, which must not exist, lets `fill` write it and forces it to the disk. Until it is there, `check` looks at
 * the file as everybody else sees it. Whatever goes wrong, the file is removed again.
 *
 * @param allocate gives memory for the pieces
 * @throws DbmError whatever `fill` or `check` threw, or the fault of the file system
 */
export async function createFile(
  path: string,
  fill: (output: Output) => Promise<void>,
  check: () => void = () => {},
  allocate?: (bytes: number) => Uint8Array,
): Promise<void> {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'wx', 0o644);
  } catch (cause) {
    throw fault(path, 'cannot create it', cause);
  }
  await complete(path, new Output(descriptor, allocate), fill, check);
}

/** As `createFile`, of a file that is there and that `fill` changes. */
export async function changeFile(
  path: string,
  fill: (output: Output) => Promise<void>,
  check: () => void,
): Promise<void> {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r+');
  } catch (cause) {
    unlinkQuietly(path);
    throw fault(path, 'cannot change it', cause);
  }
  await complete(path, new Output(descriptor), fill, check);
}

async function complete(
  path: string,
  output: Output,
  fill: (output: Output) => Promise<void>,
  check: () => void,
): Promise<void> {
  let open = true;
  try {
    await fill(output);
    await output.settle();
    const forced = output.force();
    try {
      check();
    } finally {
      await forced;
    }
    open = false;
    output.close();
  } catch (cause) {
    await output.stop();
    if (open) closeQuietly(output);
    unlinkQuietly(path);
    throw cause instanceof DbmError ? cause : fault(path, 'cannot write it', cause);
  }
}

/** A file that is written in pieces, at any position, while the next pieces are filled. */
export class Output implements PieceSink {
  readonly descriptor: number;
  readonly #allocate: (bytes: number) => Uint8Array;
  readonly #free: Piece[] = [];
  readonly #waiting: (() => void)[] = [];
  #pending = 0;
  /** Bytes that were written since the disk was last told to keep what there was. */
  #unforced = 0;
  #forcing: Promise<void> | undefined;
  #failure: unknown;

  constructor(
    descriptor: number,
    allocate: (bytes: number) => Uint8Array = (bytes) => new Uint8Array(bytes),
  ) {
    this.descriptor = descriptor;
    this.#allocate = allocate;
  }

  /** Bytes that follow each other from `position` on. */
  stream(position: number, flushed?: Flushed): OutputStream {
    return new OutputStream(this, position, flushed);
  }

  /** True when the writer should wait for `room`. */
  get full(): boolean {
    return this.#pending >= MOST_PENDING || this.#failure !== undefined;
  }

  /** Waits until the disk has caught up. @throws the first fault of a write */
  async room(): Promise<void> {
    await this.#wait(() => !this.full);
  }

  /** Waits for every write. @throws the first fault of a write */
  async settle(): Promise<void> {
    await this.#wait(() => this.#pending === 0);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Forces everything to the disk, once it is written. @throws the first fault of that */
  async force(): Promise<void> {
    // Without a wait for nothing: the caller reads the file back meanwhile, and lets go of its thread for nobody.
    if (this.#forcing !== undefined) await this.#forcing;
    await this.#force();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Waits for what is under way, whatever comes of it. */
  async stop(): Promise<void> {
    await this.settle().catch(() => undefined);
    await this.#forcing;
  }

  takePiece(): Piece {
    const piece = this.#free.pop();
    if (piece !== undefined) return piece;
    return newPiece(this.#allocate);
  }

  /** Writes a few bytes at once: while these are on their way, nobody could do anything else. */
  put(bytes: Uint8Array, position: number): void {
    writeFully(this.descriptor, bytes, position);
  }

  close(): void {
    closeSync(this.descriptor);
  }

  /** Leaves nothing of the file behind `length` bytes. */
  cut(length: number): void {
    ftruncateSync(this.descriptor, length);
  }

  write(piece: Piece, length: number, position: number): void {
    this.#pending++;
    this.#writeOn(piece, 0, length, position);
  }

  #writeOn(piece: Piece, from: number, to: number, position: number): void {
    write(this.descriptor, piece.bytes, from, to - from, position, (error, written) => {
      if (error === null && from + written < to) {
        this.#writeOn(piece, from + written, to, position + written);
        return;
      }
      if (error !== null) this.#failure ??= error;
      this.#free.push(piece);
      this.#pending--;
      this.#unforced += to;
      if (this.#unforced >= FORCED && this.#forcing === undefined) this.#forcing = this.#force();
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  /** A fault is told once, to whoever asks first: it is kept. */
  async #force(): Promise<void> {
    this.#unforced = 0;
    try {
      await promisify(fsync)(this.descriptor);
    } catch (error) {
      this.#failure ??= error;
    } finally {
      this.#forcing = undefined;
    }
  }

  async #wait(until: () => boolean): Promise<void> {
    while (!until() && this.#pending > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#failure !== undefined && this.#pending === 0) throw this.#failure;
  }
}

/** Bytes that go to a file in pieces, one after the other. */
export class OutputStream {
  readonly #sink: PieceSink;
  #piece: Piece;
  #used = 0;
  #position: number;
  readonly #flushed: Flushed | undefined;

  constructor(sink: PieceSink, position: number, flushed: Flushed | undefined) {
    this.#sink = sink;
    this.#piece = sink.takePiece();
    this.#position = position;
    this.#flushed = flushed;
  }

  /** The piece that `take` last gave a place in. Its former content is still there. */
  get piece(): Piece {
    return this.#piece;
  }

  /** How many times `size` bytes have room in `piece` from `address` on, once at least: for what is filled before it is taken. */
  room(size: number): number {
    if (this.#used + size > PIECE_SIZE) this.#flush();
    return Math.floor((PIECE_SIZE - this.#used) / size);
  }

  /** Bytes that are left in `piece`. */
  get left(): number {
    return PIECE_SIZE - this.#used;
  }

  /** Where in the file the next bytes go. */
  get position(): number {
    return this.#position + this.#used;
  }

  /** Where in the memory of `piece` the next bytes go. */
  get address(): number {
    return this.#piece.bytes.byteOffset + this.#used;
  }

  /** The place of the next `size` bytes in `piece`; at most `PIECE_SIZE`. They have to be filled before the next call. */
  take(size: number): number {
    if (this.#used + size > PIECE_SIZE) this.#flush();
    const at = this.#used;
    this.#used += size;
    return at;
  }

  /** Writes `bytes`, however many. */
  put(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      if (this.#used === PIECE_SIZE) this.#flush();
      const to = Math.min(bytes.length, from + PIECE_SIZE - this.#used);
      this.#piece.bytes.set(bytes.subarray(from, to), this.#used);
      this.#used += to - from;
      from = to;
    }
  }

  /** Goes on at that position. */
  goTo(position: number): void {
    if (position === this.position) return;
    this.#flush();
    this.#position = position;
  }

  /** Writes what is left. */
  end(): void {
    this.#flush();
  }

  #flush(): void {
    if (this.#used === 0) return;
    this.#flushed?.(this.#piece.bytes.subarray(0, this.#used), this.#position);
    this.#sink.write(this.#piece, this.#used, this.#position);
    this.#position += this.#used;
    this.#piece = this.#sink.takePiece();
    this.#used = 0;
  }
}

/** @param allocate gives memory for it */
export function newPiece(allocate: (bytes: number) => Uint8Array): Piece {
  const bytes = allocate(PIECE_SIZE + SLACK);
  return { bytes, view: viewOf(bytes) };
}

function fault(path: string, what: string, cause: unknown): DbmError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DbmError(path, `${what}: ${reason}`, { cause });
}

function closeQuietly(output: Output): void {
  try {
    output.close();
  } catch {
    // The error that led here says more.
  }
}

function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Likewise; the next run sweeps what is left.
  }
}
