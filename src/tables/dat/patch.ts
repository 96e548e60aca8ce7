import { createHash, type Hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Change } from '../../dbm/format.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import { compareBytes } from '../columns/bytes.ts';
import { textOfEntries } from './text-of-entries.ts';
import { TextSearch } from './text-search.ts';

export interface PatchedText {
  /** The text, in blocks; each is good only until the next is asked for. */
  readonly blocks: () => Generator<Uint8Array>;
  /**
   * What the text came to, and what the old one was, once all blocks have been taken.
   *
   * @returns SHA-256 in hexadecimal
   */
  readonly outcome: () => { readonly digest: string; readonly bytes: number; readonly digestBefore: string };
  /** Whether a file has just that text, which is made once more: that takes half as long as a digest. @throws the operating system's error */
  readonly isIn: (path: string) => boolean;
  readonly close: () => void;
}

/** A piece of the old text that is left out, and what stands in its place. */
interface Edit {
  readonly at: number;
  readonly cut: number;
  readonly put: Uint8Array;
}

const BLOCK = 1 << 20;

/**
 * The canonical text of a table, from a file with that of the table before. Where the file is none, what comes out means
 * nothing: whoever takes it compares the digest of the old text with the one that it should have.
 *
 * @param change each part in the order of its keys
 * @returns undefined when an entry that goes is not in the file, or one that comes is
 * @throws the operating system's error
 */
export function patchText(path: string, change: Change): PatchedText | undefined {
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const edits = editsOf(new TextSearch(descriptor, size), change);
    if (edits !== undefined) return new Patched(descriptor, edits);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  closeSync(descriptor);
  return undefined;
}

function editsOf(text: TextSearch, { gone, come }: Change): Edit[] | undefined {
  const goneText = textOfEntries(gone);
  const comeText = textOfEntries(come);
  if (goneText === undefined || comeText === undefined) return undefined;
  const edits: Edit[] = [];
  for (let g = 0, c = 0; g < gone.count || c < come.count; ) {
    const order = g === gone.count ? 1 : c === come.count ? -1 : compareKeys(gone, g, come, c);
    const [pairs, entry] = order <= 0 ? [gone, g] : [come, c];
    const { at, found } = text.find(pairs.pool.subarray(pairs.keyStart[entry], pairs.keyEnd[entry]));
    const cut = order <= 0 ? goneText.of(g++) : undefined;
    const put = order >= 0 ? comeText.of(c++) : undefined;
    const isAsKnown = cut === undefined ? found === undefined : found !== undefined && cut.equals(found);
    if (!isAsKnown) return undefined;
    edits.push({ at, cut: cut?.length ?? 0, put: put ?? NOTHING });
  }
  return edits;
}

const NOTHING = new Uint8Array(0);

class Patched implements PatchedText {
  readonly #descriptor: number;
  readonly #edits: readonly Edit[];
  readonly #before = createHash('sha256');
  readonly #after = createHash('sha256');
  #bytes = 0;

  constructor(descriptor: number, edits: readonly Edit[]) {
    this.#descriptor = descriptor;
    this.#edits = edits;
  }

  *blocks(): Generator<Uint8Array> {
    const block = Buffer.allocUnsafeSlow(BLOCK);
    let used = 0;
    for (const piece of this.#pieces(this.#before)) {
      for (let from = 0; from < piece.length; ) {
        const to = Math.min(piece.length, from + block.length - used);
        block.set(piece.subarray(from, to), used);
        used += to - from;
        from = to;
        if (used < block.length) continue;
        yield this.#counted(block);
        used = 0;
      }
    }
    if (used > 0) yield this.#counted(block.subarray(0, used));
  }

  outcome(): { digest: string; bytes: number; digestBefore: string } {
    return {
      digest: this.#after.digest('hex'),
      bytes: this.#bytes,
      digestBefore: this.#before.digest('hex'),
    };
  }

  isIn(path: string): boolean {
    const file = openSync(path, 'r');
    try {
      const read = Buffer.allocUnsafeSlow(BLOCK);
      let at = 0;
      for (const piece of this.#pieces()) {
        for (let from = 0; from < piece.length; from += BLOCK) {
          const part = piece.subarray(from, from + BLOCK);
          const count = readSync(file, read, 0, part.length, at);
          if (count < part.length || read.compare(part, 0, count, 0, count) !== 0) return false;
          at += count;
        }
      }
      return fstatSync(file).size === at;
    } finally {
      closeSync(file);
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #counted(block: Uint8Array): Uint8Array {
    this.#after.update(block);
    this.#bytes += block.length;
    return block;
  }

  /** The old text where it stays, and between its pieces what is put there. @param hash hears all of the old text */
  *#pieces(hash?: Hash): Generator<Uint8Array> {
    const read = Buffer.allocUnsafeSlow(BLOCK);
    let edit = 0;
    /** How far the old text has been handed over, or left out. */
    let done = 0;
    for (let start = 0; ; ) {
      const count = readSync(this.#descriptor, read, 0, BLOCK, start);
      const end = start + count;
      hash?.update(read.subarray(0, count));
      for (; edit < this.#edits.length && (this.#edits[edit].at < end || count === 0); edit++) {
        const { at, cut, put } = this.#edits[edit];
        if (at > done) yield read.subarray(done - start, at - start);
        yield put;
        done = at + cut;
      }
      if (count === 0) return;
      if (done < end) {
        yield read.subarray(done - start, count);
        done = end;
      }
      start = end;
    }
  }
}

function compareKeys(a: Pairs, i: number, b: Pairs, j: number): number {
  return compareBytes(a.pool, a.keyStart[i], a.keyEnd[i], b.pool, b.keyStart[j], b.keyEnd[j]);
}
