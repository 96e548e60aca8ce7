import { BerWriter } from 'ldapts';
import type { Filter, SubstringsFilter } from './filter.ts';

/** The tags of RFC 4511, 4.5.1. */
const TAG = {
  and: 0xa0,
  or: 0xa1,
  not: 0xa2,
  equal: 0xa3,
  substrings: 0xa4,
  greaterOrEqual: 0xa5,
  lessOrEqual: 0xa6,
  present: 0x87,
  approx: 0xa8,
  extensible: 0xa9,
} as const;
const OCTET_STRING = 0x04;
const SUBSTRING = { initial: 0x80, any: 0x81, final: 0x82 } as const;
const EXTENSIBLE = { rule: 0x81, type: 0x82, value: 0x83, dnAttributes: 0x84 } as const;

/** The filter as a search request has it. Its values go out byte for byte. */
export function encodeFilter(filter: Filter): Buffer {
  const writer = new BerWriter();
  write(writer, filter);
  return writer.buffer;
}

function write(writer: BerWriter, filter: Filter): void {
  if (filter.kind === 'present') {
    writer.writeString(filter.attribute, TAG.present);
    return;
  }
  writer.startSequence(TAG[filter.kind]);
  switch (filter.kind) {
    case 'and':
    case 'or':
      for (const inner of filter.filters) write(writer, inner);
      break;
    case 'not':
      write(writer, filter.filter);
      break;
    case 'substrings':
      writeSubstrings(writer, filter);
      break;
    case 'extensible':
      if (filter.rule !== undefined) writer.writeString(filter.rule, EXTENSIBLE.rule);
      if (filter.attribute !== undefined) writer.writeString(filter.attribute, EXTENSIBLE.type);
      writer.writeBuffer(filter.value, EXTENSIBLE.value);
      if (filter.dnAttributes) writer.writeBoolean(true, EXTENSIBLE.dnAttributes);
      break;
    default:
      writer.writeString(filter.attribute, OCTET_STRING);
      writer.writeBuffer(filter.value, OCTET_STRING);
  }
  writer.endSequence();
}

function writeSubstrings(writer: BerWriter, filter: SubstringsFilter): void {
  writer.writeString(filter.attribute, OCTET_STRING);
  writer.startSequence();
  if (filter.initial !== undefined) writer.writeBuffer(filter.initial, SUBSTRING.initial);
  for (const piece of filter.any) writer.writeBuffer(piece, SUBSTRING.any);
  if (filter.final !== undefined) writer.writeBuffer(filter.final, SUBSTRING.final);
  writer.endSequence();
}
