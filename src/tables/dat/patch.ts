import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync } from 'node:fs';
import type { Change } from '../../dbm/format.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import { compareBytes } from '../columns/bytes.ts';
import { textOfEntries } from './text-of-entries.ts';
import { TextSearch } from './text-search.ts';
import { summableBytes, TEXT_BLOCK, TextSum, textBlocks } from './text-sum.ts';

export interface PatchedText {
  /** The text, in blocks; each is good only until the next is asked for. */
  readonly blocks: () => Generator<Uint8Array>;
  /** What the text came to, once all blocks have been taken, and whether the old one was what it should be. */
  readonly outcome: () => PatchOutcome;
  readonly close: () => void;
}

export interface PatchOutcome {
  /** SHA-256 in hexadecimal. */
  readonly digest: string;
  readonly bytes: number;
  readonly isOldAsKnown: boolean;
}

/** What the old text should be: its SHA-256 in hexadecimal, and its sum, where it was found to have that digest before. */
export interface OldText {
  readonly digest: string;
  readonly sum?: bigint | undefined;
}

/** A piece of the old text that is left out, and what stands in its place. */
interface Edit {
  readonly at: number;
  readonly cut: number;
  readonly put: Uint8Array;
}

/**
 * The canonical text of a table, from a file with that of the table before. Where the file is none, what comes out means
 * nothing: whoever takes it asks in the end whether it was.
 *
 * @param change each part in the order of its keys
 * @returns undefined when an entry that goes is not in the file, or one that comes is
 * @throws the operating system's error
 */
export function patchText(path: string, old: OldText, change: Change): PatchedText | undefined {
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const edits = editsOf(new TextSearch(descriptor, size), change);
    if (edits !== undefined) return new Patched(descriptor, old, edits);
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
  readonly #old: OldText;
  readonly #edits: readonly Edit[];
  readonly #before = createHash('sha256');
  readonly #sumBefore = new TextSum();
  readonly #after = createHash('sha256');
  #bytes = 0;

  constructor(descriptor: number, old: OldText, edits: readonly Edit[]) {
    this.#descriptor = descriptor;
    this.#old = old;
    this.#edits = edits;
  }

  *blocks(): Generator<Uint8Array> {
    const block = summableBytes(TEXT_BLOCK);
    let used = 0;
    for (const piece of this.#pieces()) {
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

  outcome(): PatchOutcome {
    const { digest, sum } = this.#old;
    const isOldAsKnown =
      sum === undefined ? this.#before.digest('hex') === digest : this.#sumBefore.value === sum;
    return { digest: this.#after.digest('hex'), bytes: this.#bytes, isOldAsKnown };
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #counted(block: Uint8Array): Uint8Array {
    this.#after.update(block);
    this.#bytes += block.length;
    return block;
  }

  /** The old text where it stays, and between its pieces what is put there. */
  *#pieces(): Generator<Uint8Array> {
    let edit = 0;
    let start = 0;
    /** How far the old text has been handed over, or left out. */
    let done = 0;
    for (const block of textBlocks(this.#descriptor)) {
      if (this.#old.sum === undefined) this.#before.update(block);
      else this.#sumBefore.add(block);
      const end = start + block.length;
      for (; edit < this.#edits.length && this.#edits[edit].at < end; edit++) {
        const { at, cut, put } = this.#edits[edit];
        if (at > done) yield block.subarray(done - start, at - start);
        yield put;
        done = at + cut;
      }
      if (done < end) {
        yield block.subarray(done - start);
        done = end;
      }
      start = end;
    }
    for (const { put } of this.#edits.slice(edit)) yield put;
  }
}

function compareKeys(a: Pairs, i: number, b: Pairs, j: number): number {
  return compareBytes(a.pool, a.keyStart[i], a.keyEnd[i], b.pool, b.keyStart[j], b.keyEnd[j]);
}
