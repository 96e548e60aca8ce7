import { BLOB_KEYS, type TableSchema, TEXT_KEYS } from './schema.ts';
import { readXtext, writeXtext, xtextLength } from './xtext.ts';

/** How a table is stored for one kind of reader. */
export interface Dialect {
  readonly table: TableSchema;
  /** Whether keys and values have a NUL behind them; one that text keys lack. */
  readonly terminated: boolean;
  /** The key to look up for a key. */
  encode(key: Uint8Array): Uint8Array;
  /** The key that a stored one stands for, or undefined when it stands for none. */
  decode(stored: Uint8Array): Uint8Array | undefined;
}

/** Exim 4.99.1 and later. */
export function blobKeys(terminated: boolean): Dialect {
  return {
    table: BLOB_KEYS,
    terminated,
    encode: (key) => (terminated ? withNul(key) : key),
    decode: (stored) => (terminated ? withoutNul(stored) : stored),
  };
}

/** Exim 4.98 to 4.98.2. */
export function rawKeys(terminated: boolean): Dialect {
  return { table: TEXT_KEYS, terminated, encode: (key) => key, decode: (stored) => stored };
}

/** Exim 4.99. */
export function xtextKeys(terminated: boolean): Dialect {
  return {
    table: TEXT_KEYS,
    terminated,
    encode: (key) => {
      const stored = terminated ? withNul(key) : key;
      const xtext = new Uint8Array(xtextLength(stored, 0, stored.length));
      writeXtext(stored, 0, stored.length, xtext, 0);
      return xtext;
    },
    decode: (stored) => {
      const key = readXtext(stored);
      return terminated && key !== undefined ? withoutNul(key) : key;
    },
  };
}

function withNul(bytes: Uint8Array): Uint8Array {
  const terminated = new Uint8Array(bytes.length + 1);
  terminated.set(bytes);
  return terminated;
}

/** Undefined when there is none. */
export function withoutNul(bytes: Uint8Array): Uint8Array | undefined {
  return bytes.at(-1) === 0 ? bytes.subarray(0, -1) : undefined;
}
