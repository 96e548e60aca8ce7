import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntriesBuilder } from '../../../src/tables/columns/entries.ts';
import { RunLoops } from '../../../src/tables/columns/run-loops.ts';
import {
  mergeRuns,
  placeForRun,
  RUN_LENGTH,
  type Run,
  type RunPlace,
  type RunSorting,
  runInOrder,
  sortRun,
} from '../../../src/tables/columns/runs.ts';
import { sorted } from '../../../src/tables/columns/sort.ts';
import { bytes, compareLatin1, type Entry, pairsOf } from '../pairs.ts';

const few = fc.constantFrom('a', 'b', '\0', '\xff');
const piece = fc.constantFrom(
  '',
  'student',
  'x'.repeat(6),
  '\0'.repeat(7),
  '\xff'.repeat(8),
  'x'.repeat(300),
);
const key = fc.tuple(piece, fc.string({ unit: few, maxLength: 3 }), piece).map((parts) => parts.join(''));
const parts = fc.array(fc.array(key, { minLength: 1, maxLength: 40, size: 'max' }), {
  minLength: 1,
  maxLength: 6,
});

/** The plain way. */
function inOrder(keys: readonly string[]): number[] {
  return [...keys.keys()].sort((a, b) => compareLatin1(keys[a], keys[b]) || a - b);
}

describe('mergeRuns', () => {
  it('makes one run of several, as if all had been sorted together', () => {
    fc.assert(
      fc.property(parts, (lists) => {
        const keys = lists.flat();
        const pairs = pairsOf(keys.map((each): Entry => [each, '']));
        const runs = runsOf(lists, (from, to) => sortRun(pairs, from, to));
        const { order, repeats } = mergeRuns(pairs, runs);
        expect([...order]).toEqual(inOrder(keys));
        expect(repeats).toBe(new Set(keys).size < keys.length);
      }),
      { numRuns: 500 },
    );
  });

  it('takes a run in order as it is', () => {
    const keys = ['a', 'b', 'b', 'c', 'a', 'b'];
    const pairs = pairsOf(keys.map((each): Entry => [each, '']));
    const runs = [runInOrder(0, 4, true), runInOrder(4, 6, false)];
    expect([...mergeRuns(pairs, runs).order]).toEqual(inOrder(keys));
  });

  it('makes nothing of nothing', () => {
    expect(mergeRuns(pairsOf([]), [])).toEqual({ order: new Uint32Array(0), repeats: false });
  });
});

describe('compiled loops', () => {
  it('make one run of several likewise, of which some have been given a place and others not', () => {
    fc.assert(
      fc.property(parts, fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), (lists, isPlaced) => {
        const keys = lists.flat();
        const builder = new EntriesBuilder(16, 1 << 16);
        for (const each of keys) builder.add(bytes(each), 0, each.length, bytes('v'), 0, 1);
        const pairs = builder.finish();
        let place: RunPlace | undefined;
        const runs = runsOf(lists, (from, to, i) => {
          if (isPlaced[i]) place = placeForRun(pairs.pool, place);
          return new RunLoops(pairs).sort(from, to, isPlaced[i] ? place : undefined);
        });
        const { order, repeats } = new RunLoops(pairs).merge(runs);
        expect([...order]).toEqual(inOrder(keys));
        expect(repeats).toBe(new Set(keys).size < keys.length);
      }),
      { numRuns: 300 },
    );
  });
});

/** One for each list, by the numbers of its first entry and of the one behind its last. */
function runsOf(lists: readonly string[][], sort: (from: number, to: number, i: number) => Run): Run[] {
  let from = 0;
  return lists.map((list, i) => {
    from += list.length;
    return sort(from - list.length, from, i);
  });
}

describe('runs that are sorted while entries are still coming', () => {
  const keys = Array.from({ length: RUN_LENGTH * 2 + 10 }, (_, i) => `user${(i * 7919) % 200_003}`);

  function build(sorting: RunSorting): EntriesBuilder {
    const builder = new EntriesBuilder(16, 16, sorting);
    for (const each of keys) builder.add(bytes(each), 0, each.length, bytes('v'), 0, 1);
    return builder;
  }

  it('give the same order as sorting at the end, though the columns have grown since', async () => {
    const builder = build({
      sortRun: async (...given) => {
        await new Promise((resolve) => setImmediate(resolve));
        const { repeats, words } = sortRun(...given);
        return { repeats, depth: words?.depth ?? 0 };
      },
    });
    const runs = await builder.runs();
    expect(runs.map(({ order }) => order.length)).toEqual([RUN_LENGTH, RUN_LENGTH]);
    const { order, repeats } = sorted(builder.finish(), runs);
    const isRight = inOrder(keys).every((entry, i) => order[i] === entry);
    expect(isRight && order.length === keys.length).toBe(true);
    expect(repeats).toBe(false);
  });

  it('are none where a thread failed or there is none', async () => {
    expect(await build({ sortRun: () => Promise.reject(new Error('out of memory')) }).runs()).toEqual([]);
    let asked = 0;
    const none = build({
      sortRun: () => {
        asked++;
        return undefined;
      },
    });
    expect(await none.runs()).toEqual([]);
    expect(asked).toBe(1);
  });
});
