import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { DbmError, type Format, openTable } from '../../../src/dbm/index.ts';
import { type Entry, pairsOf, runs } from '../support.ts';
import { storedLines } from './tested-format.ts';

/** A file that others made of the same entries, or of which we know something else than of ours. */
export interface Original {
  readonly path: string;
  /** May a file without `rest`, its last bytes, hold the same? By default it may not. */
  readonly needless?: (rest: Uint8Array) => boolean;
}

export interface Damaging {
  readonly format: Format;
  /** The name of what reads a damaged file beside us. */
  readonly reader: string;
  readonly entries: readonly Entry[];
  /** The undamaged files, all of them with NULs where the format stores some; made once, the first one by us. */
  readonly originals: () => Promise<readonly Original[]>;
  /** Where a change of a byte goes: most of them where the structure is. */
  readonly place: (original: Uint8Array) => fc.Arbitrary<number>;
  /** Random bytes are laid from here on, too: behind what a file begins with. */
  readonly head: number;
  readonly terminated: boolean;
  /** How often bytes are changed: the fewer, the longer `holds` takes. */
  readonly tries: number;
  /** Fails the test unless the format's own library finds the file whole and in it `stored`, as `storedLines` gives it. */
  readonly holds: (path: string, stored: readonly string[]) => void;
}

/** What tests of a format's own kinds of damage work with. */
export interface Damaged {
  /** Where the damaged file is to be. */
  readonly path: string;
  /** A copy of an undamaged file. */
  original(which: number): Buffer;
  /** Undamaged files in which up to `most` bytes are changed. */
  changed(most: number): fc.Arbitrary<Buffer>;
  /** What `action` gives, or undefined when it refuses with our own error about `path`; throws what else it throws. */
  attempt<T>(action: () => T): { readonly result: T } | undefined;
  /** Does with a file all that can be done. True when it passes as the undamaged table. */
  survives(bytes: Uint8Array): boolean;
}

const NOTHING = Buffer.from('no value');

/** Tests that damage is noticed, or harmless, and that nothing but our own error comes of it. */
export function testDamage(damaging: Damaging, directory: string): Damaged {
  const { format, entries, place, head, holds } = damaging;
  const path = join(directory, 'damaged');
  const pairs = pairsOf(entries);
  const stored = storedLines(entries, damaging.terminated);
  const originals: (Original & { readonly bytes: Buffer })[] = [];

  beforeAll(async () => {
    for (const each of await damaging.originals()) {
      originals.push({ ...each, bytes: readFileSync(each.path) });
    }
  });

  function original(which: number): Buffer {
    return Buffer.from(originals[which % originals.length]?.bytes ?? Buffer.alloc(0));
  }

  function attempt<T>(action: () => T): { readonly result: T } | undefined {
    try {
      return { result: action() };
    } catch (error) {
      if (error instanceof DbmError && error.message.startsWith(path)) return undefined;
      throw error;
    }
  }

  function survives(bytes: Uint8Array): boolean {
    writeFileSync(path, bytes);
    attempt(() => openTable(path).close());
    const file = attempt(() => format.open(path))?.result;
    if (file === undefined) return false;
    try {
      const read = attempt(() => file.pairs())?.result;
      if (read !== undefined) expect(read.pool.length).toBeLessThanOrEqual(bytes.length);
      attempt(() => file.statistics());
      for (const [key] of [...entries.slice(0, 20), ...entries.slice(-2)]) {
        attempt(() => file.get(Buffer.from(key)));
      }
      const verified = attempt(() => file.verify()) !== undefined;
      if (attempt(() => file.readBack(pairs)) === undefined) return false;
      // Even where only `verify` finds the damage: every lookup has its value.
      for (const [key, value] of entries) {
        expect(Buffer.compare(file.get(Buffer.from(key)) ?? NOTHING, Buffer.from(value))).toBe(0);
      }
      return verified;
    } finally {
      file.close();
    }
  }

  function changed(most: number): fc.Arbitrary<Buffer> {
    return fc.nat(5).chain((which) => {
      const bytes = original(which);
      const value = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 3, 4, 5, 7, 8, 10, 13, 16, 255));
      const changes = fc.array(fc.record({ at: place(bytes), value }), { minLength: 1, maxLength: most });
      return changes.map((list) => {
        const damaged = Buffer.from(bytes);
        for (const { at, value } of list) damaged[at % damaged.length] = value;
        return damaged;
      });
    });
  }

  describe('damage', () => {
    test(`what passes our checks holds what it held for ${damaging.reader}, too`, () => {
      let passed = 0;
      fc.assert(
        fc.property(changed(3), (bytes) => {
          if (!survives(bytes)) return;
          passed++;
          holds(path, stored);
        }),
        runs(damaging.tries),
      );
      expect(passed).toBeGreaterThan(0);
    });

    test('truncated anywhere', () => {
      fc.assert(
        fc.property(
          fc.nat(5),
          fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
          (which, part) => {
            const bytes = original(which);
            const length = Math.floor(part * bytes.length);
            const passes = survives(bytes.subarray(0, length));
            const { needless } = originals[which % originals.length] ?? {};
            if (needless === undefined || !needless(bytes.subarray(length))) expect(passes).toBe(false);
          },
        ),
        runs(1000),
      );
    });

    test('random bytes anywhere, behind a good head, and instead of it', () => {
      const start = fc.oneof(fc.constantFrom(0, head), fc.nat());
      const noise = fc.uint8Array({ maxLength: 20_000, size: 'max' });
      fc.assert(
        fc.property(fc.nat(5), start, noise, (which, from, noise) => {
          const bytes = original(which);
          const at = from % bytes.length;
          bytes.set(noise.subarray(0, bytes.length - at), at);
          survives(bytes);
        }),
        runs(500),
      );
    });
  });

  return { path, original, changed, attempt, survives };
}

/** Places in a file of pages: at the beginnings of pages, among a file's first bytes, and anywhere. */
export function placesInPages(length: number, pageSize: number, head: number): fc.Arbitrary<number> {
  const pageStart = fc.nat(Math.ceil(length / pageSize) - 1).map((page) => page * pageSize);
  return fc.oneof(
    fc.tuple(pageStart, fc.nat(60)).map(([start, offset]) => start + offset),
    fc.nat(head),
    fc.nat(length - 1),
  );
}
