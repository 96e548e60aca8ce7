import fc from 'fast-check';
import { expect, test } from 'vitest';
import { viewOf } from '../../../src/dbm/bytes.ts';
import type { Pairs } from '../../../src/dbm/pairs.ts';
import { merge } from '../../../src/tables/columns/merge.ts';
import { poolBytes } from '../../../src/tables/columns/shared-memory.ts';
import { CompiledTexts } from '../../../src/tables/guard/cross-checks/compiled-texts.ts';
import { DomainSet } from '../../../src/tables/guard/cross-checks/domain-set.ts';
import { KeyFilters } from '../../../src/tables/guard/cross-checks/key-filters.ts';
import { TableIndex } from '../../../src/tables/guard/cross-checks/table-index.ts';
import { type Entry, entriesOf, pairsOf } from '../pairs.ts';

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

function hashesOf(walk: (take: (first: number, hashes: Uint32Array) => void) => void): number[] {
  const all: number[] = [];
  walk((first, hashes) => {
    expect(first).toBe(all.length);
    all.push(...hashes);
  });
  return all;
}

test('texts have the same hash when they are the same but for the case of ASCII letters', () => {
  fc.assert(
    fc.property(entries, places, (list, inMemory) => {
      const table = placed(tableOf(list), inMemory);
      const texts = new CompiledTexts(table);
      const hashes = [
        ...hashesOf((take) => texts.hashKeys(take)),
        ...hashesOf((take) => texts.hashValues(take)),
      ];
      const all = entriesOf(table);
      const written = [...all.map(([key]) => key), ...all.map(([, value]) => value)];
      expect(hashes).toHaveLength(written.length);
      const byText = new Map(written.map((each, i) => [inLowerCase(each), hashes[i]]));
      for (const [i, each] of written.entries()) expect(hashes[i]).toBe(byText.get(inLowerCase(each)));
    }),
  );
});

test('hardly any others do', () => {
  const atTheEnd = Array.from({ length: 50_000 }, (_, i): Entry => [`somebody@example${i}`, '']);
  for (const list of [many(0, 50_000), atTheEnd]) {
    const hashes = hashesOf((take) => new CompiledTexts(tableOf(list)).hashKeys(take));
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

test('whatever leads to a key is found, whichever case it is in, and hardly anything else', () => {
  fc.assert(
    fc.property(entries, entries, (a, b) => {
      const [table, other] = [tableOf(a), tableOf(b.map(([key, value]) => [inLowerCase(key), value]))];
      const filters = new KeyFilters();
      const found = new TableIndex(table, filters)
        .leadingTo([new TableIndex(other, filters)])
        .flatMap((each) => [...each]);
      const keys = new Set(entriesOf(other).map(([key]) => key));
      const leading = numbersOf(table, ([, value]) => keys.has(inLowerCase(value)));
      expect(found).toEqual(expect.arrayContaining(leading));
    }),
  );
  const filters = new KeyFilters();
  const [table, other] = [tableOf(many(0, 60_000)), tableOf(many(100_000, 160_000))];
  const index = new TableIndex(table, filters);
  const none = index.leadingTo([new TableIndex(other, filters)]).flatMap((each) => [...each]);
  expect(none.length).toBeLessThan(600);
  const all = index.leadingTo([new TableIndex(other, filters), index]).flatMap((each) => [...each]);
  expect(new Set(all).size).toBe(60_000);
});

test('values that are their own keys, and those that are others', () => {
  const check = (table: Pairs, passedOver: number[]): void => {
    const { own, others } = new CompiledTexts(table).ownValues(Uint32Array.from(passedOver));
    const isOwn = ([key, value]: Entry): boolean => key === value;
    expect([...own]).toEqual(numbersOf(table, isOwn));
    const all = entriesOf(table);
    const leads = new Set(numbersOf(table, isOwn).filter((entry) => !passedOver.includes(entry)));
    const starts = new Set([...leads].map((entry) => table.valueStart[entry]));
    expect([...others]).toEqual(all.flatMap((_, i) => (starts.has(table.valueStart[i]) ? [] : [i])));
    // What leads to one of them and is not known to costs a look-up; the other way round a loop would be missed.
    const values = new Set([...leads].map((entry) => all[entry][1]));
    const known = new Set(others);
    for (const [i, [, value]] of all.entries()) if (!known.has(i)) expect(values.has(value)).toBe(true);
  };
  const some = fc.constantFrom('a@x', 'b@x', 'c@y', 'person@somewhere.else', 'A@x', 'e');
  const list = fc.uniqueArray(fc.tuple(some, some), { selector: ([key]) => key });
  fc.assert(
    fc.property(list, fc.uniqueArray(fc.nat(5)), places, (each, passedOver, inMemory) => {
      const table = placed(tableOf(each), inMemory);
      check(
        table,
        passedOver.filter(
          (entry) => entry < table.count && entriesOf(table)[entry][0] === entriesOf(table)[entry][1],
        ),
      );
    }),
  );
  check(tableOf(many(0, 40_000)), []);
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
    const { isMet, elsewhere } = new TableIndex(table, new KeyFilters()).domains(set);
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
