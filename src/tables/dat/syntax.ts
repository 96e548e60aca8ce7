/**
 * The text form of a table, as exim_dbmbuild reads it (Exim's src/exim_dbmbuild.c and its manual, "Exim utilities"):
 * a key, a colon or white space, the value; `#` starts a comment line; a line that begins with white space continues the
 * entry before it.
 */

/** Bytes of a key. */
export const MAX_KEY = 255;
/** Bytes of a line, without its newline. */
export const MAX_LINE = 19_998;
/** Bytes of a value that is spread over several lines, joined. */
export const MAX_JOINED_VALUE = 99_998;

/** Bytes by what they mean to the reader; everything else is OTHER. */
const OTHER = 0;
export const UPPER = 1;
export const COLON = 2;
/** White space within a line: C's isspace() but the newline. */
export const SPACE = 3;
export const NEWLINE = 4;
export const NUL = 5;

export const BYTE_CLASS: Uint8Array = byteClasses();

function byteClasses(): Uint8Array {
  const classes = new Uint8Array(256).fill(OTHER);
  classes.fill(UPPER, 0x41, 0x5b);
  classes.fill(SPACE, 0x09, 0x0e);
  classes[0x20] = SPACE;
  classes[0x3a] = COLON;
  classes[0x0a] = NEWLINE;
  classes[0x00] = NUL;
  return classes;
}
