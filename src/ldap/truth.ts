/**
 * What a filter may come to on an entry: a set of the three values of RFC 4511, 4.5.1.7. More than one bit means that we can't
 * tell which of them the server comes to.
 */
export type Truth = number;

export const TRUE = 1;
export const FALSE = 2;
export const UNDEFINED = 4;
export const UNSURE = TRUE | FALSE | UNDEFINED;

const values = [TRUE, FALSE, UNDEFINED];
const andTable = table((a, b) =>
  a === FALSE || b === FALSE ? FALSE : a === TRUE && b === TRUE ? TRUE : UNDEFINED,
);
const orTable = table((a, b) =>
  a === TRUE || b === TRUE ? TRUE : a === FALSE && b === FALSE ? FALSE : UNDEFINED,
);

export function and(a: Truth, b: Truth): Truth {
  return andTable[a * 8 + b];
}

export function or(a: Truth, b: Truth): Truth {
  return orTable[a * 8 + b];
}

export function not(a: Truth): Truth {
  return (a & UNDEFINED) | ((a & TRUE) === 0 ? 0 : FALSE) | ((a & FALSE) === 0 ? 0 : TRUE);
}

function table(combine: (a: number, b: number) => number): Uint8Array {
  const combined = new Uint8Array(64);
  for (let a = 1; a < 8; a++) {
    for (let b = 1; b < 8; b++) {
      for (const x of values) {
        for (const y of values) if ((a & x) !== 0 && (b & y) !== 0) combined[a * 8 + b] |= combine(x, y);
      }
    }
  }
  return combined;
}
