import { newPiece, type Piece, type PieceSink } from './output.ts';
import { writeFully } from './write-fully.ts';

/** Writes the pieces of a file that is open at once: so a stream needs but one, which stays in the processor's cache. */
export class DirectOutput implements PieceSink {
  readonly #descriptor: number;
  readonly #piece: Piece;

  /** @param allocate gives memory for the piece */
  constructor(descriptor: number, allocate: (bytes: number) => Uint8Array) {
    this.#descriptor = descriptor;
    this.#piece = newPiece(allocate);
  }

  takePiece(): Piece {
    return this.#piece;
  }

  /** @throws the operating system's error */
  write({ bytes }: Piece, length: number, position: number): void {
    writeFully(this.#descriptor, bytes.subarray(0, length), position);
  }
}
