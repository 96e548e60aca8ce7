import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MirrorStore } from '../../../src/state/mirror/store.ts';
import { DirectoryMirror, isUnreadable, type Sorting } from '../../../src/tables/mirror/directory-mirror.ts';
import { sortStream } from '../../../src/tables/mirror/stream.ts';
import {
  expectedStream,
  extractionOf,
  gatherDelta,
  gatherFull,
  given,
  id,
  SELECTIONS,
  streamOf,
  tables,
  type World,
} from './model.ts';

/** Memory where there is some: every commit is fsynced. */
const room = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

const sorting: Sorting = {
  sortRun: () => undefined,
  order: async (stream, ids, runs) => sortStream(stream, ids, runs),
};
const options = { fingerprint: 'as configured', tables, keep: 1e9, foldAbove: 2 };

const change = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('put' as const), id, given }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), id }) },
);
const damage = fc.record({
  file: fc.constantFrom('.base', 'mirror.sqlite'),
  kind: fc.constantFrom('cut' as const, 'flip' as const, 'remove' as const),
  where: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
});
const step = fc.record({
  changes: fc.array(change, { maxLength: 5 }),
  noticed: fc.array(id, { maxLength: 2 }),
  own: fc.subarray([0, 1]),
  full: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  /** The run ends before it has committed, or right before its head is written. */
  crash: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  damage: fc.oneof({ weight: 8, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: damage }),
});

/** Runs on one mirror against a Map, and looks into it after each. */
class Runs {
  readonly #folder: string;
  #world: World = new Map();
  /** What the mirror knows. */
  #known: World = new Map();
  #cursor = 0;
  readonly #named = new Map<string, string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async run({
    changes,
    noticed,
    own,
    full,
    crash,
    damage: harm,
  }: typeof step extends fc.Arbitrary<infer T> ? T : never) {
    const world = new Map(this.#world);
    for (const each of changes) {
      if (each.kind === 'put') world.set(each.id, each.given);
      else world.delete(each.id);
    }
    if (harm !== null) this.#damage(harm.file, harm.kind, harm.where);
    const store = MirrorStore.open(this.#folder);
    store.sweep(['ad']);
    let mirror = new DirectoryMirror(store, 'ad', options);
    try {
      try {
        if (full || mirror.fullBecause !== undefined) await this.#full(mirror, world, own);
        else {
          expect(Buffer.from(mirror.cursor?.value ?? []).toString()).toBe(String(this.#cursor));
          // Some are noticed before they are read; others show only then.
          for (const each of changes.slice(1)) mirror.foresee(Buffer.from(each.id, 'hex'));
          // One is looked up at each turn: some are when the answer comes.
          for (let turns = 0; turns < changes.length / 2; turns++)
            await new Promise((resolve) => setImmediate(resolve));
          const delta = gatherDelta(this.#known, world, noticed, own).finish();
          await mirror.take(delta, extractionOf('delta', this.#cursor + 1), 0, sorting);
        }
        this.#check(mirror, world);
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        mirror.giveUp(error);
        await this.#full(mirror, world, own);
        this.#check(mirror, world);
      }
      this.#world = world;
      if (crash) return;
      const before = this.#known;
      // A damaged database shows when it is written; the run says so, and the next one asks for everything.
      const isKept = await mirror.commit().then(
        () => true,
        () => false,
      );
      if (!isKept) return;
      this.#known = world;
      this.#cursor++;
      this.#checkDepartures(store, before, world);
      mirror.close();
      mirror = new DirectoryMirror(store, 'ad', options);
      expect(mirror.fullBecause).toBeUndefined();
      this.#check(mirror, world);
      store.sweep(['ad']);
      const { base, recent } = store.head('ad') ?? {};
      const files = [base, recent].flatMap((file) => (file === undefined ? [] : [file.name])).sort();
      const there = readdirSync(join(this.#folder, 'mirror'), { encoding: 'utf8' });
      expect(there.filter((name) => name.endsWith('.base')).sort()).toEqual(files);
    } finally {
      mirror.close();
      store.close();
    }
  }

  async #full(mirror: DirectoryMirror, world: World, own: readonly number[]): Promise<void> {
    const gathered = gatherFull(this.#world, world, own).finish();
    await mirror.take(gathered, extractionOf('full', this.#cursor + 1), 0, sorting);
  }

  #check(mirror: DirectoryMirror, world: World): void {
    this.#checkPast(mirror, world);
    // Single keys are looked up before anything is read whole, and once more behind that.
    for (let number = 0; number < SELECTIONS * 2; number++) checkClaims(mirror, world, number);
    for (let number = 0; number < SELECTIONS * 2; number++) {
      expect(streamOf(mirror.contents, number)).toEqual(expectedStream(world, number));
    }
    expect(mirror.versions).toHaveLength(SELECTIONS);
    for (const [selection, version] of (mirror.versions ?? []).entries()) {
      const said = JSON.stringify(
        [selection, SELECTIONS + selection].map((number) =>
          expectedStream(world, number).map((line) => line.replace(/ \S+$/, '')),
        ),
      );
      expect(this.#named.get(version) ?? said, 'one name, one answer').toBe(said);
      this.#named.set(version, said);
    }
  }

  /** What a run's changes are worked out from: it is to be the same as if all were compared. */
  #checkPast({ past }: DirectoryMirror, world: World): void {
    if (past === undefined) return;
    for (let selection = 0; selection < SELECTIONS; selection++) {
      const [before, after] = [valuesOf(this.#known, selection), valuesOf(world, selection)];
      const named = new Set(past.keys[selection].map((key) => Buffer.from(key).toString()));
      for (const key of allKeys) {
        const [was = [], is = []] = [before.get(key), after.get(key)];
        expect(texts(past.values(selection, Buffer.from(key)))).toEqual(was);
        if (was.join() !== is.join()) expect(named).toContain(key);
      }
    }
  }

  #checkDepartures(store: MirrorStore, before: World, after: World): void {
    for (const [selection, table] of tables.entries()) {
      const left = new Set(expectedStream(after, selection).map((line) => line.split(' ', 1)[0]));
      for (const line of expectedStream(before, selection)) {
        const [key = ''] = line.split(' ', 1);
        if (left.has(key)) continue;
        const departure = store.departure(table, Buffer.from(key));
        // A mirror that was thrown away knows nothing of what it had.
        if (departure === undefined && this.#harmed) continue;
        expect(departure, `${key} of ${table}`).toBeDefined();
      }
    }
  }

  #harmed = false;

  #damage(file: string, kind: 'cut' | 'flip' | 'remove', where: number): void {
    const folder = join(this.#folder, 'mirror');
    const name = readdirSync(folder, { encoding: 'utf8' }).find((each) => each.endsWith(file));
    if (name === undefined) return;
    this.#harmed = true;
    const path = join(folder, name);
    const { size } = statSync(path);
    const at = Math.floor(where * size);
    if (size === 0 || kind === 'remove') {
      rmSync(path);
      return;
    }
    if (kind === 'cut') {
      truncateSync(path, at);
      return;
    }
    const bytes = readFileSync(path);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
    writeFileSync(path, bytes);
  }
}

const letters = ['a', 'b', 'c'];
const allKeys = [...letters, ...letters.flatMap((first) => letters.map((second) => first + second))];

function valuesOf(world: World, number: number): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const line of expectedStream(world, number)) {
    const [key = '', , value = ''] = line.split(' ');
    values.set(key, [...(values.get(key) ?? []), value]);
  }
  return values;
}

function texts(all: readonly Uint8Array[]): string[] {
  return all.map((each) => Buffer.from(each).toString());
}

function checkClaims({ contents }: DirectoryMirror, world: World, number: number): void {
  const lines = expectedStream(world, number);
  for (const key of allKeys) {
    const claims = contents.claims(number, Buffer.from(key)).map(({ object, value }) => {
      const [owner, dn] = [contents.id(object), contents.dn(object)].map((each) => Buffer.from(each));
      return `${key} ${owner.toString('hex')} ${Buffer.from(value)} ${dn}`;
    });
    expect(claims).toEqual(lines.filter((line) => line.startsWith(`${key} `)));
  }
  const known = lines.map((line) => line.replace(/^(\S+) \S+ (\S+).*$/, '$1 $2'));
  for (const { count, pool, keyStart, keyEnd, valueStart, valueEnd } of contents.some(number)) {
    for (let i = 0; i < count; i++) {
      const [key, value] = [
        pool.subarray(keyStart[i], keyEnd[i]),
        pool.subarray(valueStart[i], valueEnd[i]),
      ].map((each) => Buffer.from(each));
      expect(known).toContain(`${key} ${value}`);
    }
  }
}

test('whatever comes, crashes or is damaged, the mirror is what a Map would be, or asks for everything', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 12 }), async (steps) => {
      const folder = mkdtempSync(join(room, 'mirror-'));
      try {
        const runs = new Runs(folder);
        await runs.run({ changes: [], noticed: [], own: [], full: true, crash: false, damage: null });
        for (const each of steps) await runs.run(each);
      } finally {
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 20 * Number(process.env.LONG_RUN ?? 1) },
  );
});

test.each([
  [50_000, 60_000],
  [90_000, 30_000],
])('changes of two runs, of %i and %i bytes, too many to have room behind the base', async (...sizes) => {
  const folder = mkdtempSync(join(room, 'mirror-'));
  try {
    const runs = new Runs(folder);
    const nothing = { noticed: [], own: [], full: false, crash: false, damage: null };
    const put = (first: number, value: string) => {
      const entries = [[['a', value] as const], [['b', value] as const]];
      const id = Buffer.alloc(16, first).toString('hex');
      return { kind: 'put' as const, id, given: { dn: 'CN=a', entries, rejections: [[], []] } };
    };
    const base = ['a', 'b', 'c', 'd'].map((value, i) => put(i, value));
    await runs.run({ ...nothing, full: true, changes: base });
    for (const [i, size] of sizes.entries()) {
      const value = (i === 0 ? 'a' : 'b').repeat(size);
      await runs.run({ ...nothing, changes: [put(10 + i, value)] });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
