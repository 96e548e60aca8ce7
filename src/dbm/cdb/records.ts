import { viewOf } from '../bytes.ts';
import type { Input } from '../input.ts';
import type { Pairs } from '../pairs.ts';
import type { Header } from './header.ts';
import { HEADER_SIZE, RECORD_HEADER } from './layout.ts';

/** All records, in the file's order. */
export interface Records {
  /** Over the file's own bytes, from its beginning to the end of the records. */
  readonly pairs: Pairs;
  readonly positions: Uint32Array;
}

/** @throws DbmError when the records do not fill the place between header and hash tables, or lack their NULs */
export function readRecords(input: Input, { recordsEnd }: Header, terminated: boolean): Records {
  const pool = input.bytes(0, recordsEnd);
  const view = viewOf(pool);
  const count = countRecords(input, view, recordsEnd);
  const nul = terminated ? 1 : 0;
  const positions = new Uint32Array(count);
  const keyStart = new Uint32Array(count);
  const keyEnd = new Uint32Array(count);
  const valueStart = new Uint32Array(count);
  const valueEnd = new Uint32Array(count);
  let at = HEADER_SIZE;
  for (let i = 0; i < count; i++) {
    const key = view.getUint32(at, true);
    const value = view.getUint32(at + 4, true);
    positions[i] = at;
    keyStart[i] = at + RECORD_HEADER;
    valueStart[i] = keyStart[i] + key;
    at = valueStart[i] + value;
    if (terminated && (key === 0 || value === 0 || pool[valueStart[i] - 1] !== 0 || pool[at - 1] !== 0)) {
      throw input.fault(positions[i], 'a record without NULs behind key and value');
    }
    keyEnd[i] = valueStart[i] - nul;
    valueEnd[i] = at - nul;
  }
  return { pairs: { count, pool, keyStart, keyEnd, valueStart, valueEnd }, positions };
}

function countRecords(input: Input, view: DataView, recordsEnd: number): number {
  let count = 0;
  let at = HEADER_SIZE;
  while (at < recordsEnd) {
    if (at + RECORD_HEADER > recordsEnd) throw input.fault(at, 'the last record is cut off');
    const size = RECORD_HEADER + view.getUint32(at, true) + view.getUint32(at + 4, true);
    if (at + size > recordsEnd) throw input.fault(at, 'the record is longer than the file');
    at += size;
    count++;
  }
  return count;
}
