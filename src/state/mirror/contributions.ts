import type { Stream } from './columns.ts';

/** Number of the stream, length of the key, length of the value: 4 bytes each, the least significant first. */
const LENGTHS = 12;

/**
 * What an object gives to one stream, as a run of bytes. Those of several streams, in the order of their numbers, make up the
 * contributions of the object.
 *
 * @param chosen numbers of its entries
 */
export function encodeEntries(stream: Stream, number: number, chosen: readonly number[]): Buffer {
  const { pool, keyStart, keyEnd, valueStart, valueEnd } = stream;
  let length = 0;
  for (const i of chosen) length += LENGTHS + keyEnd[i] - keyStart[i] + valueEnd[i] - valueStart[i];
  const bytes = Buffer.alloc(length);
  let at = 0;
  for (const i of chosen) {
    bytes.set(entryHead(number, keyEnd[i] - keyStart[i], valueEnd[i] - valueStart[i]), at);
    at += LENGTHS;
    bytes.set(pool.subarray(keyStart[i], keyEnd[i]), at);
    at += keyEnd[i] - keyStart[i];
    bytes.set(pool.subarray(valueStart[i], valueEnd[i]), at);
    at += valueEnd[i] - valueStart[i];
  }
  return bytes;
}

/** What stands before an entry in contributions, of which its key and its value are the rest. */
export function entryHead(stream: number, keyLength: number, valueLength: number): Uint8Array {
  const head = new Uint8Array(LENGTHS);
  const view = new DataView(head.buffer);
  view.setUint32(0, stream, true);
  view.setUint32(4, keyLength, true);
  view.setUint32(8, valueLength, true);
  return head;
}

/** Hands over the entries of an object's contributions, by their places in `bytes`. */
export function decodeContributions(
  bytes: Uint8Array,
  entry: (stream: number, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number) => void,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const keyStart = at + LENGTHS;
    const keyEnd = keyStart + view.getUint32(at + 4, true);
    const valueEnd = keyEnd + view.getUint32(at + 8, true);
    entry(view.getUint32(at, true), keyStart, keyEnd, keyEnd, valueEnd);
    at = valueEnd;
  }
}

/** Contributions, divided by their streams. @param streams how many there are */
export function partsOf(contributions: Uint8Array, streams: number): Uint8Array[] {
  const ends = new Uint32Array(streams + 1);
  decodeContributions(contributions, (stream, _keyStart, _keyEnd, _valueStart, valueEnd) => {
    ends[stream + 1] = valueEnd;
  });
  for (let stream = 1; stream <= streams; stream++) ends[stream] = Math.max(ends[stream], ends[stream - 1]);
  return Array.from({ length: streams }, (_, stream) =>
    contributions.subarray(ends[stream], ends[stream + 1]),
  );
}

/** The keys of the entries that only one of an object's contributions has. A key of two such entries comes twice. */
export function changedKeys(before: Uint8Array, after: Uint8Array): { stream: number; key: Uint8Array }[] {
  const only = new Map<string, { stream: number; key: Uint8Array }>();
  decodeContributions(before, (stream, keyStart, keyEnd, _valueStart, valueEnd) => {
    only.set(textOf(before, keyStart, valueEnd), { stream, key: before.slice(keyStart, keyEnd) });
  });
  decodeContributions(after, (stream, keyStart, keyEnd, _valueStart, valueEnd) => {
    const text = textOf(after, keyStart, valueEnd);
    if (only.has(text)) only.delete(text);
    else only.set(text, { stream, key: after.slice(keyStart, keyEnd) });
  });
  return [...only.values()];
}

/** An entry with its numbers before it. */
function textOf(contributions: Uint8Array, keyStart: number, valueEnd: number): string {
  return Buffer.from(contributions.subarray(keyStart - LENGTHS, valueEnd)).toString('latin1');
}
