import type { SubstringsFilter } from './filter.ts';
import { TRUE, type Truth, UNSURE } from './truth.ts';

/**
 * How a server compares strings, as far as we are certain of it. Servers fold case and spaces and normalise Unicode, each in its
 * own way. We don't: two strings that are equal, or that part at a character that no folding touches, are decided here; whatever
 * lies between is UNSURE.
 */
export interface TextRule {
  /** Whether ASCII letters that differ in case only are equal; `unsure` where servers disagree. */
  readonly fold: 'ignore' | 'exact' | 'unsure';
  /** 1 for the bytes that stand for themselves alone: where two strings part at them, they differ. */
  readonly certain: Uint8Array;
  /** What a difference comes to: FALSE, or also UNDEFINED where the server may find the asserted value unusable. */
  readonly different: Truth;
}

const SPACE = 0x20;
const END = -1;

const lower = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) lower[byte] = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;

/** A table for `TextRule.certain`. */
export function certainBytes(isCertain: (byte: number) => boolean): Uint8Array {
  const certain = new Uint8Array(256);
  for (let byte = 0x21; byte < 0x7f; byte++) certain[byte] = isCertain(byte) ? 1 : 0;
  return certain;
}

/** Of ASCII. */
const printable = certainBytes(() => true);

export function equalText(
  rule: TextRule,
  asserted: Uint8Array,
  bytes: Uint8Array,
  start: number,
  end: number,
): Truth {
  const common = Math.min(asserted.length, end - start);
  let differsInCase = false;
  let i = 0;
  for (; i < common; i++) {
    const a = asserted[i];
    const b = bytes[start + i];
    if (a === b) continue;
    if (lower[a] !== lower[b]) break;
    if (rule.fold === 'exact') return rule.different;
    differsInCase = true;
  }
  if (i === asserted.length && i === end - start) {
    return differsInCase && rule.fold === 'unsure' ? UNSURE : TRUE;
  }
  const a = i < asserted.length ? asserted[i] : END;
  const b = start + i < end ? bytes[start + i] : END;
  if (isCertain(rule, a) && isCertain(rule, b)) return rule.different;
  if (!isAscii(asserted, 0, asserted.length) || !isAscii(bytes, start, end)) return UNSURE;
  const other = skeleton(rule, bytes, start, end);
  return skeleton(rule, asserted, 0, asserted.length).equals(other) ? UNSURE : rule.different;
}

/** `any` pieces in order, between an `initial` and a `final` one. */
export interface Pieces {
  readonly initial: Uint8Array | undefined;
  readonly any: readonly Uint8Array[];
  readonly final: Uint8Array | undefined;
}

/** Makes the function that tells whether a value has the pieces of a substrings filter. */
export function substringsMatcher(
  rule: TextRule,
  filter: SubstringsFilter,
): (bytes: Uint8Array, start: number, end: number) => Truth {
  const all = [filter.initial, ...filter.any, filter.final].filter((piece) => piece !== undefined);
  const arePlain = all.every((piece) => isPlain(printable, piece, 0, piece.length));
  const areCertain = all.every((piece) => isPlain(rule.certain, piece, 0, piece.length));
  const areAscii = all.every((piece) => isAscii(piece, 0, piece.length));
  const bare = mapPieces(filter, (piece) => skeleton(rule, piece, 0, piece.length));

  return (bytes, start, end) => {
    if (arePlain && isPlain(printable, bytes, start, end)) {
      // Whatever bytes a server passes over, it does so on both sides: what has the pieces has them still.
      if (hasPieces(filter, bytes, start, end, rule.fold !== 'exact')) {
        return rule.fold !== 'unsure' || hasPieces(filter, bytes, start, end, false) ? TRUE : UNSURE;
      }
      if (areCertain && isPlain(rule.certain, bytes, start, end)) return rule.different;
    }
    if (filter.initial !== undefined && partsAtStart(rule, filter.initial, bytes, start, end)) {
      return rule.different;
    }
    if (filter.final !== undefined && partsAtEnd(rule, filter.final, bytes, start, end))
      return rule.different;
    if (!areAscii || !isAscii(bytes, start, end)) return UNSURE;
    const value = skeleton(rule, bytes, start, end);
    return hasPieces(bare, value, 0, value.length, true) ? UNSURE : rule.different;
  };
}

/** Byte order, after lower-casing unless case counts; undefined where a string isn't beyond doubt. */
export function orderText(
  rule: TextRule,
  asserted: Uint8Array,
  bytes: Uint8Array,
  start: number,
  end: number,
): number | undefined {
  if (!isPlain(rule.certain, asserted, 0, asserted.length)) return undefined;
  if (!isPlain(rule.certain, bytes, start, end)) return undefined;
  const common = Math.min(asserted.length, end - start);
  for (let i = 0; i < common; i++) {
    const difference =
      rule.fold === 'exact' ? bytes[start + i] - asserted[i] : lower[bytes[start + i]] - lower[asserted[i]];
    if (difference !== 0) return difference;
  }
  return end - start - asserted.length;
}

function isCertain(rule: TextRule, byte: number): boolean {
  return byte === END || rule.certain[byte] === 1;
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] >= 0x80) return false;
  return true;
}

/** Whether there is nothing but bytes of a table, and single spaces between them. */
function isPlain(table: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  let afterSpace = true;
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte === SPACE) {
      if (afterSpace) return false;
      afterSpace = true;
    } else {
      if (table[byte] !== 1) return false;
      afterSpace = false;
    }
  }
  return !afterSpace;
}

/** The bytes that stand for themselves, in lower case: what remains when everything that may be folded is left out. */
function skeleton(rule: TextRule, bytes: Uint8Array, start: number, end: number): Buffer {
  const kept = Buffer.alloc(end - start);
  let length = 0;
  for (let i = start; i < end; i++) if (rule.certain[bytes[i]] === 1) kept[length++] = lower[bytes[i]];
  return kept.subarray(0, length);
}

function partsAtStart(
  rule: TextRule,
  piece: Uint8Array,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  for (let i = 0; i < piece.length; i++) {
    const b = start + i < end ? bytes[start + i] : END;
    if (b !== END && lower[b] === lower[piece[i]]) continue;
    return isCertain(rule, piece[i]) && isCertain(rule, b);
  }
  return false;
}

function partsAtEnd(
  rule: TextRule,
  piece: Uint8Array,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  for (let i = 1; i <= piece.length; i++) {
    const a = piece[piece.length - i];
    const b = end - i >= start ? bytes[end - i] : END;
    if (b !== END && lower[b] === lower[a]) continue;
    return isCertain(rule, a) && isCertain(rule, b);
  }
  return false;
}

function hasPieces(
  pieces: Pieces,
  bytes: Uint8Array,
  start: number,
  end: number,
  ignoreCase: boolean,
): boolean {
  let from = start;
  let to = end;
  if (pieces.initial !== undefined) {
    if (!isAt(pieces.initial, bytes, from, to, ignoreCase)) return false;
    from += pieces.initial.length;
  }
  if (pieces.final !== undefined) {
    if (to - pieces.final.length < from) return false;
    if (!isAt(pieces.final, bytes, to - pieces.final.length, to, ignoreCase)) return false;
    to -= pieces.final.length;
  }
  for (const piece of pieces.any) {
    while (!isAt(piece, bytes, from, to, ignoreCase)) if (++from > to) return false;
    from += piece.length;
  }
  return true;
}

function isAt(piece: Uint8Array, bytes: Uint8Array, at: number, end: number, ignoreCase: boolean): boolean {
  if (piece.length > end - at) return false;
  for (let i = 0; i < piece.length; i++) {
    const a = piece[i];
    const b = bytes[at + i];
    if (a !== b && (!ignoreCase || lower[a] !== lower[b])) return false;
  }
  return true;
}

function mapPieces(pieces: Pieces, change: (piece: Uint8Array) => Uint8Array): Pieces {
  return {
    initial: pieces.initial === undefined ? undefined : change(pieces.initial),
    any: pieces.any.map(change),
    final: pieces.final === undefined ? undefined : change(pieces.final),
  };
}
