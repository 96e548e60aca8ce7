import fc from 'fast-check';
import type { Extraction } from '../../../src/ldap/types.ts';
import type { Contents } from '../../../src/tables/mirror/contents.ts';
import { Gatherer } from '../../../src/tables/mirror/gatherer.ts';
import { Finder } from './finder.ts';

/** How many table sources the imagined directory feeds. */
export const SELECTIONS = 2;
export const tables = ['exch_table', 'o365_table'];

/** What one object gives: for each selection its entries and its rejections, each a key and a value. */
export interface Given {
  readonly dn: string;
  readonly entries: readonly (readonly (readonly [string, string])[])[];
  readonly rejections: readonly (readonly (readonly [string, string])[])[];
}

/** A directory in a Map: the plainest mirror there is. */
export type World = ReadonlyMap<string, Given>;

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 2 });
const pairs = fc.uniqueArray(fc.tuple(word, word), {
  maxLength: 3,
  selector: ([key, value]) => `${key} ${value}`,
});
const perSelection = fc.tuple(pairs, pairs);

export const given: fc.Arbitrary<Given> = fc.record({
  dn: word.map((name) => `CN=${name}`),
  entries: perSelection,
  rejections: fc.oneof(
    { weight: 3, arbitrary: fc.constant([[], []]) },
    { weight: 1, arbitrary: perSelection },
  ),
});

/** A few objects, so that they meet in the same keys; their order by id is not that of their numbers. */
export const id: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: 11 })
  .map((i) => Buffer.from([(i * 7) % 12, ...new Array(15).fill(i)]).toString('hex'));

/** Everything in the order of a mirror: key, object, value. */
export function expectedStream(world: World, stream: number): string[] {
  const lines: { key: string; id: string; value: string; dn: string }[] = [];
  for (const [object, { dn, entries, rejections }] of world) {
    const list = stream < SELECTIONS ? entries[stream] : rejections[stream - SELECTIONS];
    for (const [key, value] of list ?? []) lines.push({ key, id: object, value, dn });
  }
  const rank = ({ key, id: object, value }: (typeof lines)[number]): string => [key, object, value].join(' ');
  return lines
    .sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
    .map(({ key, id: object, value, dn }) => `${key} ${object} ${value} ${dn}`);
}

export function streamOf(contents: Contents, number: number): string[] {
  const { count, pool, keyStart, keyEnd, valueStart, valueEnd, object } = contents.stream(number);
  const text = (start: number, end: number): string => Buffer.from(pool.subarray(start, end)).toString();
  return Array.from({ length: count }, (_, i) => {
    const owner = Buffer.from(contents.id(object[i])).toString('hex');
    const dn = Buffer.from(contents.dn(object[i])).toString();
    return `${text(keyStart[i], keyEnd[i])} ${owner} ${text(valueStart[i], valueEnd[i])} ${dn}`;
  });
}

/** Hands objects to a gatherer as an extraction does: one after the other, those of some selections only. */
function hand(finder: Finder, object: string, what: Given, selections: readonly number[]): void {
  finder.object(Buffer.from(object, 'hex'), what.dn);
  for (const selection of selections) {
    for (const [key, value] of what.entries[selection] ?? []) finder.entry(selection, key, value);
    for (const [value, reason] of what.rejections[selection] ?? []) {
      finder.rejected(selection, { dn: what.dn, value, reason });
    }
  }
}

const all = tables.map((_, selection) => selection);

/**
 * Everything, as a server gives it that is changed meanwhile: what it gave before comes first, and is taken back. @param own
 * selections that have a search of their own
 */
export function gatherFull(before: World, after: World, own: readonly number[]): Gatherer {
  const gatherer = new Gatherer(SELECTIONS);
  const finder = new Finder(gatherer);
  finder.begin('full');
  for (const [object, what] of before) hand(finder, object, what, all);
  finder.begin('full');
  const shared = all.filter((selection) => !own.includes(selection));
  // The search sees some objects as they were; what changed while it ran is read again behind it.
  for (const [object, what] of before) hand(finder, object, what, shared);
  for (const selection of own) {
    finder.restart(selection);
    for (const [object, what] of before) {
      hand(finder, object, what, [selection]);
      hand(finder, object, what, [selection]);
    }
  }
  notices(finder, before, after, all);
  return gatherer;
}

/** Changes only, and what else was noticed though nothing of it changed. */
export function gatherDelta(
  before: World,
  after: World,
  noticed: readonly string[],
  own: readonly number[],
): Gatherer {
  const gatherer = new Gatherer(SELECTIONS);
  const finder = new Finder(gatherer);
  finder.begin('delta');
  const shared = all.filter((selection) => !own.includes(selection));
  notices(finder, before, after, shared, noticed);
  for (const selection of own) {
    finder.restart(selection);
    for (const [object, what] of after) hand(finder, object, what, [selection]);
  }
  return gatherer;
}

function notices(
  finder: Finder,
  before: World,
  after: World,
  selections: readonly number[],
  more: readonly string[] = [],
): void {
  for (const object of new Set([...before.keys(), ...after.keys(), ...more])) {
    const what = after.get(object);
    if (what === before.get(object) && !more.includes(object)) continue;
    finder.changed(Buffer.from(object, 'hex'), what === undefined ? 'deleted' : 'changed');
    if (what !== undefined) hand(finder, object, what, selections);
  }
}

/** What an extraction says of itself, as far as a mirror reads it. */
export function extractionOf(mode: 'full' | 'delta', cursor: number): Extraction {
  return {
    mode,
    cursor: { kind: 'dirsync', scope: 'ad', value: Buffer.from(String(cursor)) },
    fullBecause: undefined,
    deletionsSeen: true,
    idForm: 'guid',
    report: {
      url: 'ldap://ad',
      requests: 0,
      entries: 0,
      bytes: 0,
      milliseconds: 0,
      references: 0,
      pageLimit: undefined,
      ownSearches: [],
      failedServers: [],
      servers: [],
      certificates: [],
      passwordExpires: undefined,
      selections: [],
    },
  };
}
