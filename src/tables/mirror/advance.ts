import { ID_BYTES, type Objects, type Stream } from '../../state/mirror/columns.ts';
import { changedKeys, encodeEntries, partsOf } from '../../state/mirror/contributions.ts';
import type { DepartureKind } from '../../state/mirror/records.ts';
import type { ChangedObject } from './changed-layer.ts';
import { type Contents, entriesOf, type StoredContents } from './contents.ts';
import { type Gathered, NOTICE } from './gatherer.ts';
import type { Known } from './layer.ts';
import { MOST_CHANGED_KEYS } from './past.ts';
import { compareEntries, findKey, sortStream } from './stream.ts';

/** A key that a selection's objects gave and give no more, with the object that gave it. */
export interface Departed {
  readonly selection: number;
  readonly key: Uint8Array;
  readonly id: Uint8Array;
  readonly dn: Uint8Array;
  readonly what: DepartureKind;
}

/** What a delta does to what was known. */
export interface Advance {
  readonly contents: StoredContents;
  /** Those that are not as they were. */
  readonly objects: readonly ChangedObject[];
  /** For each selection whether any entry or rejection of it changed. */
  readonly isChanged: readonly boolean[];
  /** For each selection the keys that changed objects gave or give; some more than once. */
  readonly keys: readonly (readonly Uint8Array[])[];
  readonly departures: readonly Departed[];
}

/** More of them than anybody reviews one by one. */
const MAX_DEPARTURES = 100_000;

/** Applies a delta. @throws DamagedFileError when what was known can't be read */
export function advance(old: StoredContents, gathered: Gathered): Advance {
  const { table, notices, restarted } = gathered;
  const selections = restarted.length;
  const streams = gathered.streams.map((stream) => sortStream(stream, table.ids));
  const affected = new Set<number>();
  for (let object = 0; object < notices.length; object++) {
    if (notices[object] !== NOTICE.none) affected.add(object);
  }
  for (const [number, stream] of streams.entries()) {
    if (!restarted[number % selections]) continue;
    const before = old.stream(number);
    const { ids } = old;
    // New numbers are given while the ids of the old ones are read: the table copies when it grows.
    const idsAfter = table.ids;
    differences(before, ids, stream, idsAfter, {
      gone: (i) => affected.add(table.add(ids, before.object[i] * ID_BYTES)),
      come: (j) => affected.add(stream.object[j]),
    });
  }

  const known = old.known(table);
  const isAffected = (object: number): boolean => affected.has(object);
  const entries = streams.map((stream) => entriesOf(stream, isAffected));
  const objects: (ChangedObject & { readonly before: Known; readonly what: DepartureKind })[] = [];
  const isChanged = restarted.map(() => false);
  for (const object of affected) {
    const before = known[object];
    const notice = notices[object] ?? NOTICE.none;
    const kept = partsOf(before.contributions, streams.length);
    const parts = streams.map((_, number) => {
      const isFresh = notice !== NOTICE.none || restarted[number % selections];
      return isFresh
        ? encodeEntries(streams[number], number, entries[number].get(object) ?? [])
        : kept[number];
    });
    const contributions = Buffer.concat(parts);
    const dn = contributions.length === 0 ? new Uint8Array(0) : (dnOf(gathered.objects, object) ?? before.dn);
    const isSame = contributions.equals(before.contributions);
    if (isSame && Buffer.compare(dn, before.dn) === 0) continue;
    for (const [number, part] of parts.entries()) {
      if (Buffer.compare(part, kept[number]) !== 0) isChanged[number % selections] = true;
    }
    const id = table.ids.slice(object * ID_BYTES, (object + 1) * ID_BYTES);
    objects.push({ id, dn, contributions, before, what: WHAT[notice] });
  }
  const keys = restarted.map((): Uint8Array[] => []);
  if (objects.length === 0) return { contents: old, objects, isChanged, keys, departures: [] };

  const contents = old.with(objects);
  const departures: Departed[] = [];
  for (const { id, contributions, before, what } of objects) {
    if (Buffer.compare(contributions, before.contributions) === 0) continue;
    for (const { stream: selection, key } of changedKeys(before.contributions, contributions)) {
      if (selection >= selections) continue;
      keys[selection].push(key);
      if (departures.length >= MAX_DEPARTURES) continue;
      if (contents.claims(selection, key).length > 0) continue;
      departures.push({ selection, key, id, dn: before.dn, what });
    }
  }
  return { contents, objects, isChanged, keys, departures };
}

const WHAT: Readonly<Record<number, DepartureKind>> = {
  [NOTICE.none]: 'unknown',
  [NOTICE.changed]: 'changed',
  [NOTICE.deleted]: 'deleted',
};

/** What a full extraction tells of what was known before. */
export interface Comparison {
  /** For each selection whether any entry or rejection of it changed. */
  readonly isChanged: readonly boolean[];
  /** For each selection the keys of which something changed, as Latin-1, and the values that they had; undefined for too many. */
  readonly valuesBefore: readonly ReadonlyMap<string, Uint8Array[]>[] | undefined;
  readonly departures: readonly Departed[];
}

/** Compares all that was known with a full extraction's. @throws DamagedFileError */
export function compare(old: StoredContents, now: Contents, gathered: Gathered): Comparison {
  const { table, notices, restarted } = gathered;
  const selections = restarted.length;
  const departures: Departed[] = [];
  const isChanged = restarted.map(() => false);
  const valuesBefore = restarted.map(() => new Map<string, Uint8Array[]>());
  let left = MOST_CHANGED_KEYS;
  const note = (number: number, { pool, keyStart, keyEnd }: Stream, i: number): void => {
    if (number >= selections || left === 0) return;
    const key = pool.slice(keyStart[i], keyEnd[i]);
    const name = keyOf(key);
    if (valuesBefore[number].has(name)) return;
    left--;
    valuesBefore[number].set(
      name,
      old.claims(number, key).map(({ value }) => value.slice()),
    );
  };
  for (let number = 0; number < selections * 2; number++) {
    const before = old.stream(number);
    const after = now.stream(number);
    let departed = -1;
    differences(before, old.ids, after, now.ids, {
      come: (j) => {
        isChanged[number % selections] = true;
        note(number, after, j);
      },
      gone: (i) => {
        isChanged[number % selections] = true;
        note(number, before, i);
        if (number >= selections || departures.length >= MAX_DEPARTURES) return;
        const key = before.pool.slice(before.keyStart[i], before.keyEnd[i]);
        // The first of several objects with a key is the one that gave it.
        if (departed >= 0 && isKey(before, departed, key)) return;
        if (findKey(after, key) >= 0) return;
        departed = i;
        const object = before.object[i];
        const id = old.id(object);
        const known = table.find(id);
        const what = known < 0 ? 'unknown' : notices[known] === NOTICE.deleted ? 'deleted' : 'changed';
        const dn = old.dn(object);
        departures.push({ selection: number, key, id, dn, what });
      },
    });
    old.release(number);
  }
  return { isChanged, valuesBefore: left === 0 ? undefined : valuesBefore, departures };
}

function isKey({ pool, keyStart, keyEnd }: Stream, i: number, key: Uint8Array): boolean {
  return Buffer.compare(pool.subarray(keyStart[i], keyEnd[i]), key) === 0;
}

/** Walks over two sorted streams, and names the entries that only one of them has. */
function differences(
  before: Stream,
  idsBefore: Uint8Array,
  after: Stream,
  idsAfter: Uint8Array,
  found: { gone: (i: number) => void; come: (j: number) => void },
): void {
  let i = 0;
  let j = 0;
  while (i < before.count && j < after.count) {
    const order = compareEntries(before, idsBefore, i, after, idsAfter, j);
    if (order < 0) found.gone(i++);
    else if (order > 0) found.come(j++);
    else {
      i++;
      j++;
    }
  }
  while (i < before.count) found.gone(i++);
  while (j < after.count) found.come(j++);
}

/** The DN under which the object came; undefined when it did not. */
function dnOf({ count, dns, dnStart, dnEnd }: Objects, object: number): Uint8Array | undefined {
  return object < count && dnEnd[object] > dnStart[object]
    ? dns.slice(dnStart[object], dnEnd[object])
    : undefined;
}

/** Bytes as a key of a map. */
export function keyOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
