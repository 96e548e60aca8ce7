import { printable } from '../columns/bytes.ts';
import { additionsOf } from './additions.ts';
import { changesOf } from './changes.ts';
import { findMoves, findWaiting, type Move } from './moves.ts';
import type { Plan } from './plan.ts';
import { keyOfEntries } from './verdict.ts';

/**
 * Holds the tables that would lose an address to one that does not publish.
 *
 * @param additions whether what is new may still be published of one that is held: not once its files are staged
 * @returns the moves that remain
 */
export function settleMoves(plans: readonly Plan[], additions = true): Move[] {
  const moves = findMoves(plans.flatMap(changesOf));
  const waiting = findWaiting(moves);
  for (const plan of plans) {
    const move = waiting.get(plan.config.name);
    if (move === undefined) continue;
    const { before } = move.from.difference;
    const { pool, keyStart, keyEnd } = before;
    const first = printable(pool, keyStart[move.keys[0]], keyEnd[move.keys[0]]);
    const what =
      move.keys.length === 1 ? `${first} moves` : `${move.keys.length} addresses (${first}, ...) move`;
    const message = `${what} to ${move.to.name}, which is not published: the two can only go together`;
    plan.outcome = 'held';
    plan.findings = [{ rule: 'waits', message, count: move.keys.length, examples: [first] }];
    plan.findingsKey = keyOfEntries(before, move.keys);
    plan.write = additions && !plan.chosen ? additionsOf(plan) : undefined;
  }
  return moves.filter((move) => !waiting.has(move.from.name));
}
