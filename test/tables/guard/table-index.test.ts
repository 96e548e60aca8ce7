import fc from 'fast-check';
import { expect, test } from 'vitest';
import { viewOf } from '../../../src/dbm/bytes.ts';
import type { Pairs } from '../../../src/dbm/pairs.ts';
import { allOf } from '../../../src/tables/columns/common-keys.ts';
import { merge } from '../../../src/tables/columns/merge.ts';
import { poolBytes } from '../../../src/tables/columns/shared-memory.ts';
import { CompiledTexts } from '../../../src/tables/guard/cross-checks/compiled-texts.ts';
import { DomainSet } from '../../../src/tables/guard/cross-checks/domain-set.ts';
import { KeyFilters } from '../../../src/tables/guard/cross-checks/key-filters.ts';
import { TableIndex } from '../../../src/tables/guard/cross-checks/table-index.ts';
import { type Entry, entriesOf, pairsOf, withSharedPlaces } from '../pairs.ts';

function tableOf(entries: readonly Entry[]): Pairs {
  return merge([{ source: 'test', pairs: pairsOf(entries) }]).table.columns();
}

const local = fc.oneof(
  fc.constantFrom('', 'a', 'b', 'A', 'ab', 'a@b'),
  fc.string({ unit: 'binary-ascii', maxLength: 40 }),
);
const domain = fc.constantFrom('', 'x', 'y', 'X', 'deep.x', 'very.deep.below.a.name.of.seventeen.and.more.x');
const text = fc.oneof(
  fc.tuple(local, domain).map(([name, at]) => `${name}@${at}`),
  local,
);
const entries = fc.uniqueArray(fc.tuple(text, text), { selector: ([key]) => key, maxLength: 60 });
/** As it is in a memory of compiled loops, and as it is elsewhere. */
const places = fc.boolean();

function placed(pairs: Pairs, inMemory: boolean): Pairs {
  if (!inMemory) return pairs;
  const pool = poolBytes(1 << 16);
  pool.set(pairs.pool);
  return { ...pairs, pool };
}

/** Entries enough for several calls of each loop. */
function many(from: number, to: number): Entry[] {
  return Array.from({ length: to - from }, (_, i) => {
    const name = `person${from + i}`;
    return [`${name}@example.ac.uk`, `person${from + i - ((from + i) % 3)}@example.ac.uk`];
  });
}

function inLowerCase(value: string): string {
  return value.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function numbersOf(table: Pairs, isIt: (entry: Entry) => boolean): number[] {
  return entriesOf(table).flatMap((entry, number) => (isIt(entry) ? [number] : []));
}

function keyHashesOf(table: Pairs): number[] {
  const all: number[] = [];
  new CompiledTexts(table, undefined).readKeys((first, hashes) => {
    expect(first).toBe(all.length);
    all.push(...hashes);
  });
  return all;
}

test('texts have the same hash when they are the same but for the case of ASCII letters', () => {
  fc.assert(
    fc.property(entries, places, (list, inMemory) => {
      const table = placed(tableOf(list), inMemory);
      const all = entriesOf(table);
      const keys = keyHashesOf(table);
      const hashes = new CompiledTexts(table, undefined).hashValues(allOf(table));
      const texts = [...all.map(([key]) => key), ...all.map(([, value]) => value)].map(inLowerCase);
      const numbers = [...keys, ...hashes];
      expect(numbers).toHaveLength(texts.length);
      const byText = new Map(texts.map((each, i) => [each, numbers[i]]));
      for (const [i, each] of texts.entries()) expect(numbers[i]).toBe(byText.get(each));
    }),
  );
});

test('hardly any others do', () => {
  const atTheEnd = Array.from({ length: 50_000 }, (_, i): Entry => [`somebody@example${i}`, '']);
  const inFront = Array.from({ length: 50_000 }, (_, i): Entry => [`${i}somebody`, '']);
  for (const list of [many(0, 50_000), atTheEnd, inFront]) {
    const hashes = keyHashesOf(tableOf(list));
    expect(hashes).toHaveLength(50_000);
    expect(new Set(hashes).size).toBeGreaterThan(49_990);
  }
});

test('a table finds the keys that it shares with another one', () => {
  fc.assert(
    fc.property(entries, entries, places, (a, b, inMemory) => {
      const [one, other] = [placed(tableOf(a), inMemory), tableOf(b)];
      const filters = new KeyFilters();
      const shared = new TableIndex(one, filters).sharedWith(new TableIndex(other, filters));
      const keys = new Set(b.map(([key]) => key));
      expect([...shared]).toEqual(numbersOf(one, ([key]) => keys.has(key)));
    }),
  );
  const [one, other] = [tableOf(many(0, 60_000)), tableOf(many(30_000, 100_000))];
  const filters = new KeyFilters();
  const [index, otherIndex] = [new TableIndex(one, filters), new TableIndex(other, filters)];
  const keys = new Set(many(30_000, 100_000).map(([key]) => key));
  expect([...index.sharedWith(otherIndex)]).toEqual(numbersOf(one, ([key]) => keys.has(key)));
  expect(otherIndex.sharedWith(index)).toHaveLength(30_000);
});

test('keys that differ in nothing but the case of their letters are not shared, though their hashes are', () => {
  const filters = new KeyFilters();
  const index = (list: Entry[]): TableIndex => new TableIndex(tableOf(list), filters);
  const upper = many(0, 3000).map(([key, value]): Entry => [key.replace('person', 'PERSON'), value]);
  expect(index(many(0, 3000)).sharedWith(index(upper))).toHaveLength(0);
  expect(index(many(2999, 5000)).sharedWith(index([...upper, ...many(0, 3000)]))).toHaveLength(1);
});

test('whatever leads to a key is found, whichever case it is in, and hardly anything else', () => {
  const links = (from: number, to: number): Entry[] =>
    Array.from({ length: 3000 }, (_, i) => [`person${from + i}@x`, `Person${to + i}@x`]);
  const filters = new KeyFilters();
  const index = (list: Entry[]): TableIndex => new TableIndex(tableOf(list), filters);
  const [table, next, other] = [index(links(0, 3000)), index(links(3000, 0)), index(links(6000, 0))];
  const leading = (tables: TableIndex[]): number => table.leads(new Uint32Array(0), tables).open.length;
  expect(leading([next])).toBe(3000);
  expect(leading([other, next])).toBe(3000);
  expect(leading([other])).toBeLessThan(30);
  expect(leading([])).toBe(0);
});

test('values that are their own keys, and those that lead on', () => {
  const check = (table: Pairs, passedOver: number[], domains: Pairs | undefined): void => {
    const set = domains && new DomainSet(domains);
    const { own, open } = new CompiledTexts(table, set).valueLeads(Uint32Array.from(passedOver));
    const isOwn = ([key, value]: Entry): boolean => key === value;
    const all = entriesOf(table);
    const isOurs = ([, value]: Entry): boolean => {
      if (set === undefined || set.hasWildcards) return true;
      return set.domainOf(Buffer.from(value), viewOf(Buffer.from(value)), 0, value.length) >= 0;
    };
    const found = new Set(own.flatMap((each) => [...each]));
    for (const entry of numbersOf(table, (each) => isOwn(each) && isOurs(each)))
      expect(found).toContain(entry);
    for (const entry of found) expect(isOwn(all[entry])).toBe(true);
    // What ends there and is not known to costs a look-up; the other way round a loop would be missed.
    const ends = new Set(numbersOf(table, isOwn).filter((entry) => !passedOver.includes(entry)));
    const endValues = new Set([...ends].map((entry) => all[entry][1]));
    const ending = new Set(
      [...ends].filter((entry) => all[entry][0] !== '').map((entry) => table.valueStart[entry]),
    );
    for (const [i, entry] of all.entries()) {
      if (entry[1] === '') continue;
      const mayEnd = !isOurs(entry) || endValues.has(entry[1]);
      const mustEnd = (!isOurs(entry) && entry[1].includes('@')) || ending.has(table.valueStart[i]);
      if (!mayEnd) expect(open).toContain(i);
      if (mustEnd) expect(open).not.toContain(i);
    }
  };
  const some = fc.constantFrom(
    'a@x',
    'b@x',
    'c@y',
    'person@somewhere.else',
    'A@x',
    'e',
    '',
    'person@very.deep.x',
  );
  const list = fc.uniqueArray(fc.tuple(some, some), { selector: ([key]) => key });
  const sets = fc.option(fc.uniqueArray(fc.constantFrom('x', 'y', 'very.deep.x', '*.x')), { nil: undefined });
  fc.assert(
    fc.property(
      list,
      fc.uniqueArray(fc.nat(5)),
      sets,
      places,
      places,
      (each, passedOver, names, inMemory, isShared) => {
        const pairs = tableOf(each);
        const table = placed(isShared ? withSharedPlaces(pairs) : pairs, inMemory);
        const own = numbersOf(table, ([key, value]) => key === value);
        check(
          table,
          passedOver.filter((entry) => own.includes(entry)),
          names && tableOf(names.map((name) => [name, ''])),
        );
      },
    ),
  );
  check(tableOf(many(0, 40_000)), [], undefined);
  const passedOverInItsPlace: Entry[] = [
    ['', ''],
    ['a@x', 'a@x'],
  ];
  check(withSharedPlaces(tableOf(passedOverInItsPlace)), [0], undefined);
  const behindAnEmptyOne: Entry[] = [
    ['', ''],
    ['a@x', 'b@x'],
    ['b@x', 'a@x'],
  ];
  check(withSharedPlaces(tableOf(behindAnEmptyOne)), [], undefined);
  check(tableOf(many(0, 3000)), [6, 9], tableOf([['example.ac.uk', '']]));
});

test('the domains of all keys are those of each', () => {
  const names = fc.uniqueArray(
    fc.oneof(domain, fc.constantFrom('*.x', '*.below.a.name.of.seventeen.and.more.x')),
    {
      maxLength: 8,
    },
  );
  const check = (table: Pairs, domains: Pairs): void => {
    const set = new DomainSet(domains);
    const { pool, keyStart, keyEnd, count } = table;
    const each = Array.from({ length: count }, (_, i) =>
      set.domainOf(pool, viewOf(pool), keyStart[i], keyEnd[i]),
    );
    const { isMet, elsewhere } = new TableIndex(table, new KeyFilters(), set).domains();
    expect(isMet).toEqual(Array.from({ length: domains.count }, (_, number) => each.includes(number)));
    expect([...elsewhere]).toEqual(each.flatMap((number, i) => (number === -1 ? [i] : [])));
  };
  fc.assert(
    fc.property(entries, names, places, (list, keys, inMemory) => {
      check(placed(tableOf(list), inMemory), tableOf(keys.map((key) => [key, ''])));
    }),
  );
  const elsewhere = many(0, 40_000).map(
    ([key, value], i): Entry => [i % 100 === 0 ? `${key}.example` : key, value],
  );
  check(
    tableOf(elsewhere),
    tableOf([
      ['example.ac.uk', ''],
      ['example.ac.uk.example', ''],
    ]),
  );
  check(tableOf(elsewhere), tableOf([['example.ac.uk', '']]));
});
