import { commonKeys } from '../columns/common-keys.ts';
import type { Difference } from '../columns/diff.ts';

/** What a run means to do to the keys that one table shows to Exim. */
export interface Change {
  readonly name: string;
  /** Between what Exim sees now and what it would see. */
  readonly difference: Difference;
  /** False for what is held, failed, or left alone by this run. */
  readonly publishes: boolean;
}

/** Keys that one table loses and another gains. */
export interface Move {
  readonly from: Change;
  readonly to: Change;
  /** Numbers of entries in the table before, as the difference of `from` has it. */
  readonly keys: Uint32Array;
}

/** Every move out of a table that publishes. */
export function findMoves(changes: readonly Change[]): Move[] {
  const moves: Move[] = [];
  for (const from of changes) {
    if (!from.publishes || from.difference.removed.length === 0) continue;
    for (const to of changes) {
      if (from.name === to.name) continue;
      const keys = commonKeys(
        { pairs: from.difference.before, list: from.difference.removed },
        { pairs: to.difference.after, list: to.difference.added },
      );
      if (keys.length > 0) moves.push({ from, to, keys });
    }
  }
  return moves;
}

/**
 * The moves for whose sake a table must wait, by its name: it would lose an address to one that does not publish. A table
 * that waits makes those wait that would lose an address to it.
 */
export function findWaiting(moves: readonly Move[]): Map<string, Move> {
  const waiting = new Map<string, Move>();
  const publishes = (change: Change): boolean => change.publishes && !waiting.has(change.name);
  for (let settled = false; !settled; ) {
    settled = true;
    for (const move of moves) {
      if (!publishes(move.from) || publishes(move.to)) continue;
      waiting.set(move.from.name, move);
      settled = false;
    }
  }
  return waiting;
}

/** One publication. `keeps` are moves whose keys the table must still show, since their new table comes later. */
export interface Step {
  readonly name: string;
  readonly keeps: readonly Move[];
}

/**
 * The order in which tables publish so that every moving key is in one of its tables at every moment: the one that gains
 * comes first. Where tables exchange keys in a circle, one of them is published twice, the first time with all of the keys
 * that it gains and those that it loses.
 */
export function orderSteps(names: readonly string[], moves: readonly Move[]): Step[] {
  const steps: Step[] = [];
  const left = new Set(names);
  const shown = new Set<string>();
  while (left.size > 0) {
    const blockers = (name: string): Move[] =>
      moves.filter((move) => move.from.name === name && left.has(move.to.name) && !shown.has(move.to.name));
    const free = names.find((name) => left.has(name) && blockers(name).length === 0);
    if (free !== undefined) {
      steps.push({ name: free, keeps: [] });
      left.delete(free);
      continue;
    }
    const [next] = [...left].filter((name) => !shown.has(name));
    steps.push({ name: next, keeps: blockers(next) });
    shown.add(next);
  }
  return steps;
}
