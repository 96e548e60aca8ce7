import fc from 'fast-check';
import type { Outcome } from '../../../src/tables/report.ts';
import { fileFed, keptByHand } from '../hub.ts';

export type Keys = ReadonlySet<string>;
/** What becomes of a table in the run that is watched. */
export type Fate =
  | 'free'
  | 'held'
  | 'source fails'
  | '.dat unreadable'
  | 'not selected'
  | 'staging fails'
  | '.dat stays'
  | 'dbm file stays';

export interface Case {
  readonly name: string;
  readonly byHand: boolean;
  readonly before: Keys;
  readonly wanted: Keys;
  readonly fate: Fate;
  /** The dbm file was there, and is gone. */
  readonly dbmGone: boolean;
  /** What is new is published even when the table is held. */
  readonly additions: boolean;
  /** Somebody approves what is held afterwards. */
  readonly approved: boolean;
}

const keysOf = fc.subarray([...'abcdef']).map((keys): Keys => new Set(keys));
const fates: readonly Fate[] = [
  'held',
  'source fails',
  '.dat unreadable',
  'not selected',
  'staging fails',
  '.dat stays',
  'dbm file stays',
];
const tableCase = (name: string): fc.Arbitrary<Case> =>
  fc.record({
    name: fc.constant(name),
    byHand: fc.boolean(),
    before: keysOf,
    wanted: keysOf,
    fate: fc.oneof({ weight: 6, arbitrary: fc.constant<Fate>('free') }, fc.constantFrom(...fates)),
    dbmGone: fc.nat(5).map((n) => n === 0),
    additions: fc.nat(3).map((n) => n === 0),
    approved: fc.boolean(),
  });
export const cases = fc
  .integer({ min: 2, max: 4 })
  .chain((count) => fc.tuple(...[...'wxyz'].slice(0, count).map(tableCase)));

export function section({ name, byHand, fate, additions }: Case): string {
  const guard = fate === 'held' ? 'min_entries = 1000' : 'max_removed = "100%"';
  if (byHand) return keptByHand(name, guard);
  const missing = fate === 'source fails' ? `[[tables.${name}.sources]]\nfile = "IN/not-there"\n` : '';
  const onHold = additions ? '\non_hold = "additions"\n' : '\n';
  return fileFed(name, guard).replace('\n', onHold) + missing;
}

export function union(sets: readonly Keys[]): Set<string> {
  return new Set(sets.flatMap((keys) => [...keys]));
}

function difference(a: Keys, b: Keys): string[] {
  return [...a].filter((key) => !b.has(key));
}

/** Where nothing fails on the way: who publishes, who is held, and who waits for one that does not publish. */
export function expected(tables: readonly Case[]): Map<string, Outcome> {
  const changes = tables.filter(
    ({ before, wanted }) => difference(before, wanted).length + difference(wanted, before).length > 0,
  );
  const publishing = new Set(changes.filter(({ fate }) => fate === 'free'));
  for (let settled = false; !settled; ) {
    settled = true;
    for (const from of publishing) {
      const lost = difference(from.before, from.wanted);
      const waits = changes.some(
        (to) =>
          to !== from &&
          !publishing.has(to) &&
          difference(to.wanted, to.before).some((key) => lost.includes(key)),
      );
      if (waits) settled = !publishing.delete(from);
    }
  }
  const outcome = (table: Case): Outcome => {
    if (table.fate === 'source fails') return 'failed';
    if (!changes.includes(table)) return 'unchanged';
    return publishing.has(table) ? 'published' : 'held';
  };
  return new Map(
    tables.filter(({ fate }) => fate !== 'not selected').map((table) => [table.name, outcome(table)]),
  );
}

/** Whether it is clear beforehand what becomes of a table. */
export function isForeseeable({ fate, dbmGone, additions }: Case): boolean {
  return (
    !dbmGone &&
    !additions &&
    !['.dat unreadable', 'staging fails', '.dat stays', 'dbm file stays'].includes(fate)
  );
}
