import { BerCursor, TAG } from './ber.ts';
import type { SearchParameters } from './search-request.ts';
import type { OnEntry, OnMessage, Session } from './session.ts';

/** One entry as an object: for the few that describe a server, never for recipients. */
export interface EntryObject {
  readonly dn: Buffer;
  /** By attribute description, as the server spells it. */
  readonly attributes: ReadonlyMap<string, readonly Buffer[]>;
}

/** @throws MalformedError */
export function decodeEntryObject(bytes: Uint8Array, start: number, end: number): EntryObject {
  const entry = new BerCursor(bytes, start, end);
  const dn = entry.takeBytes();
  const list = entry.take(TAG.sequence);
  const attributes = new Map<string, Buffer[]>();
  while (!list.done) {
    const attribute = list.take(TAG.sequence);
    const name = attribute.takeText();
    const values = attribute.take(TAG.set);
    const taken: Buffer[] = [];
    while (!values.done) taken.push(values.takeBytes());
    attributes.set(name, taken);
  }
  return { dn, attributes };
}

/** @throws DirectoryError */
export async function searchObjects(
  session: Session,
  parameters: SearchParameters,
  onMessage?: OnMessage,
): Promise<EntryObject[]> {
  const entries: EntryObject[] = [];
  const onEntry: OnEntry = (bytes, start, end) => entries.push(decodeEntryObject(bytes, start, end));
  await session.search(parameters, onEntry, undefined, onMessage);
  return entries;
}

/** The values of an attribute, none when it is missing. */
export function byteValues(entry: EntryObject | undefined, name: string): readonly Buffer[] {
  const wanted = name.toLowerCase();
  for (const [description, values] of entry?.attributes ?? []) {
    if (description.toLowerCase() === wanted) return values;
  }
  return [];
}

/** The values of an attribute as text; none when it is missing. */
export function textValues(entry: EntryObject | undefined, name: string): string[] {
  return byteValues(entry, name).map((value) => value.toString('utf8'));
}
