import { BerWriter } from 'ldapts';
import { TAG } from './ber.ts';
import { type EntryObject, searchObjects } from './entry-object.ts';
import { DirectoryError } from './error.ts';
import type { SearchParameters } from './search-request.ts';
import type { Session } from './session.ts';

const RANGE = /^([^;]+);(?:.*;)?range=([0-9]+)-([0-9]+|\*)$/i;

/** A piece of an attribute's values (Active Directory's MaxValRange). */
interface Piece {
  readonly name: string;
  readonly first: number;
  /** Undefined for the end of the values. */
  readonly last: number | undefined;
}

/**
 * Asks for the values that an entry lacks because the server answers long attributes in pieces, until each is whole.
 *
 * @param parameters the search that gave the entry
 * @returns the entry with all its values, encoded as the contents of a SearchResultEntry
 * @throws DirectoryError, also when the entry is gone in the meantime: its values can't be known
 */
export async function completeRanges(
  session: Session,
  parameters: SearchParameters,
  entry: EntryObject,
): Promise<Buffer> {
  const attributes = new Map<string, readonly Buffer[]>();
  for (const [description, values] of entry.attributes) {
    const piece = parsePiece(description);
    const name = piece?.name ?? description;
    const whole = piece === undefined ? values : await allValues(session, parameters, entry, piece, values);
    attributes.set(name, [...(attributes.get(name) ?? []), ...whole]);
  }
  return encodeEntry(entry.dn, attributes);
}

async function allValues(
  session: Session,
  parameters: SearchParameters,
  entry: EntryObject,
  start: Piece,
  startValues: readonly Buffer[],
): Promise<Buffer[]> {
  const values = [...startValues];
  let last = start.last;
  while (last !== undefined) {
    const [answer] = await searchObjects(session, {
      base: entry.dn.toString('utf8'),
      scope: 'base',
      filter: parameters.filter,
      timeLimit: parameters.timeLimit,
      attributes: [`${start.name};range=${last + 1}-*`],
    });
    const next = nextPiece(answer, start.name);
    if (next === undefined || next.piece.first !== last + 1 || (next.piece.last ?? Infinity) <= last) {
      throw new DirectoryError(
        session.server,
        'protocol',
        `${start.name} of ${entry.dn.toString('utf8')} came in pieces, and the one from ${last + 1} on did not come`,
      );
    }
    for (const value of next.values) values.push(value);
    last = next.piece.last;
  }
  return values;
}

function nextPiece(
  entry: EntryObject | undefined,
  name: string,
): { readonly piece: Piece; readonly values: readonly Buffer[] } | undefined {
  for (const [description, values] of entry?.attributes ?? []) {
    const piece = parsePiece(description);
    if (piece?.name.toLowerCase() === name.toLowerCase()) return { piece, values };
  }
  return undefined;
}

function parsePiece(description: string): Piece | undefined {
  const match = RANGE.exec(description);
  if (match === null) return undefined;
  return {
    name: match[1],
    first: Number(match[2]),
    last: match[3] === '*' ? undefined : Number(match[3]),
  };
}

function encodeEntry(dn: Buffer, attributes: ReadonlyMap<string, readonly Buffer[]>): Buffer {
  const pieces: Buffer[] = [];
  for (const [name, values] of attributes) {
    const attribute = [element(TAG.octetString, [Buffer.from(name)])];
    attribute.push(
      element(
        TAG.set,
        values.map((value) => element(TAG.octetString, [value])),
      ),
    );
    pieces.push(element(TAG.sequence, attribute));
  }
  return Buffer.concat([element(TAG.octetString, [dn]), element(TAG.sequence, pieces)]);
}

function element(tag: number, contents: readonly Uint8Array[]): Buffer {
  const length = contents.reduce((sum, piece) => sum + piece.length, 0);
  const writer = new BerWriter();
  writer.writeByte(tag);
  writer.writeLength(length);
  return Buffer.concat([writer.buffer, ...contents]);
}
