import { same } from '../../../dbm/assembly/bytes';

const LF: u32 = 0x0a;
const CR: u32 = 0x0d;
const QUOTE: u32 = 0x22;
/** As `MAX_KEY` in ../../dat/syntax.ts. */
const MAX_KEY: u32 = 255;
/** Whatever the key, a value that is no longer has its place in a line. */
const MAX_VALUE: u32 = 16_384;

let delimiter: u32 = 0;
let columns: u32 = 0;
let fields: u32 = 0;
let keyParts: u32 = 0;
let keyPartsEnd: u32 = 0;
let valueParts: u32 = 0;
let valuePartsEnd: u32 = 0;

let records: u32 = 0;
let written: u32 = 0;

/**
 * Says what records are made of, and entries of them. A part of a template is two numbers: the address and the length of a text, or
 * 0 and the index of a column. At `fieldRoom` there is room for two numbers a column.
 */
export function setTemplates(
  separator: u32,
  columnCount: u32,
  fieldRoom: u32,
  key: u32,
  keyPartCount: u32,
  value: u32,
  valuePartCount: u32,
): void {
  delimiter = separator;
  columns = columnCount;
  fields = fieldRoom;
  keyParts = key;
  keyPartsEnd = key + (keyPartCount << 3);
  valueParts = value;
  valuePartsEnd = value + (valuePartCount << 3);
}

/** How many records the last `readPlainRecords` has read, each of them a line and an entry. */
export function recordsRead(): u32 {
  return records;
}

/** How many bytes the last `readPlainRecords` has written. */
export function bytesWritten(): u32 {
  return written;
}

/**
 * Makes entries of records without double quotes but those around a field, as far as they follow each other, begin before `until`, where a line ends, and have
 * room in the `room` bytes at `out`. Their key is ASCII text and comes in lower case; a value that is that of the entry before
 * is not written again. Offsets go to the columns; they count from what is `base` bytes in front of `out`.
 *
 * @returns the record to go on with: one that needs something else, or has no usable entry
 */
export function readPlainRecords(
  from: u32,
  until: u32,
  out: u32,
  room: u32,
  base: u32,
  keyStarts: u32,
  keyEnds: u32,
  valueStarts: u32,
  valueEnds: u32,
): u32 {
  const roomEnd = out + room;
  const shift = base - out;
  let column: u32 = 0;
  let start = from;
  let at = out;
  let last: u32 = 0;
  let lastLength: u32 = 0;
  while (start < until && roomEnd - at >= MAX_KEY + MAX_VALUE) {
    const next = takeFields(start);
    if (next === 0) break;
    const keyEnd = writeKey(at);
    if (keyEnd === 0) break;
    const valueEnd = writeValue(keyEnd);
    if (valueEnd === 0) break;
    const length = valueEnd - keyEnd;
    const isRepeated = length === lastLength && same(last, keyEnd, length);
    if (!isRepeated) {
      last = keyEnd;
      lastLength = length;
    }
    store<u32>(keyStarts + column, at + shift);
    store<u32>(keyEnds + column, keyEnd + shift);
    store<u32>(valueStarts + column, last + shift);
    store<u32>(valueEnds + column, last + length + shift);
    column += 4;
    at = isRepeated ? keyEnd : valueEnd;
    start = next;
  }
  records = column >> 2;
  written = at - out;
  return start;
}

/** Finds where the fields of a record are. @returns the next record, 0 where this one is not plain */
function takeFields(start: u32): u32 {
  let field: u32 = 0;
  let at = start;
  while (field < columns) {
    const fieldStart = at;
    const quotes: u32 = load<u8>(at) === QUOTE ? 1 : 0;
    at = quotes === 1 ? quotedEnd(at) : plainEnd(at);
    if (at === 0) return 0;
    takeField(field++, fieldStart + quotes, at - quotes);
    const byte: u32 = load<u8>(at++);
    if (byte === delimiter) continue;
    const isEnd = byte === LF || (byte === CR && load<u8>(at++) === LF);
    return isEnd && field === columns && !isDoubtful() ? at : 0;
  }
  return 0;
}

/** Where a field without quotes ends; 0 for one with some. */
function plainEnd(start: u32): u32 {
  let at = start;
  let byte: u32 = load<u8>(at);
  while (byte !== delimiter && byte !== LF && byte !== CR) {
    if (byte === QUOTE) return 0;
    byte = load<u8>(++at);
  }
  return at;
}

/** Behind a quoted field without further quotes or line breaks; 0 for another. */
function quotedEnd(start: u32): u32 {
  let at = start + 1;
  let byte: u32 = load<u8>(at);
  while (byte !== QUOTE && byte !== LF && byte !== CR) byte = load<u8>(++at);
  return byte === QUOTE ? at + 1 : 0;
}

/** Whether the first field begins with white space of which it depends on the rest what is made of it. */
function isDoubtful(): bool {
  const start = load<u32>(fields);
  const first: u32 = load<u8>(start);
  return start < load<u32>(fields, 4) && (first === 0x0b || first === 0x0c || first === 0xa0);
}

/** Without the blanks and tabs at its edges. */
function takeField(index: u32, start: u32, end: u32): void {
  while (start < end && isBlank(load<u8>(start))) start++;
  while (start < end && isBlank(load<u8>(end - 1))) end--;
  store<u32>(fields + (index << 3), start);
  store<u32>(fields + (index << 3), end, 4);
}

function isBlank(byte: u32): bool {
  return byte === 0x20 || byte === 0x09;
}

function isSpace(byte: u32): bool {
  return byte === 0x20 || byte - 0x09 < 5;
}

/** @returns its end, 0 where it is not usable, or not ASCII */
function writeKey(out: u32): u32 {
  let at = out;
  for (let part = keyParts; part < keyPartsEnd; part += 8) {
    const start = partStart(part);
    const end = partEnd(part);
    if (start === end || at - out + end - start > MAX_KEY) return 0;
    for (let from = start; from < end; from++) {
      const byte: u32 = load<u8>(from);
      if (byte - 0x20 >= 0x5f) return 0;
      store<u8>(at++, byte - 0x41 < 26 ? byte + 0x20 : byte);
    }
  }
  return at;
}

/** @returns its end, 0 where it may not be usable */
function writeValue(out: u32): u32 {
  let at = out;
  for (let part = valueParts; part < valuePartsEnd; part += 8) {
    const start = partStart(part);
    const end = partEnd(part);
    if (start === end || at - out + end - start > MAX_VALUE) return 0;
    for (let from = start; from < end; from++) {
      const byte: u32 = load<u8>(from);
      if (byte === 0) return 0;
      store<u8>(at++, byte);
    }
  }
  return isSpace(load<u8>(out)) || isSpace(load<u8>(at - 1)) ? 0 : at;
}

function partStart(part: u32): u32 {
  const text = load<u32>(part);
  return text !== 0 ? text : load<u32>(fields + (load<u32>(part, 4) << 3));
}

function partEnd(part: u32): u32 {
  const text = load<u32>(part);
  return text !== 0 ? text + load<u32>(part, 4) : load<u32>(fields + (load<u32>(part, 4) << 3), 4);
}
