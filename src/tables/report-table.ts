import type { Pairs } from '../dbm/pairs.ts';
import { printable } from './columns/bytes.ts';
import type { Listing } from './columns/tally.ts';
import type { Plan } from './guard/plan.ts';
import type { DifferenceListing, TableReport } from './report.ts';

/** What a run did to a table, from what became of its plan. @param listDifference name every entry that differs */
export function reportOf(plan: Plan, listDifference: boolean): TableReport {
  const { config, outcome, base, files, heldFile } = plan;
  const difference = heldFile?.difference ?? plan.difference;
  const candidate = heldFile?.table ?? plan.candidate;
  const before = (base ?? plan.survey.published)?.size.entries;
  // Sources that gave nothing new are not merged again, so that a pinned table may have no candidate.
  const stays =
    outcome === 'unchanged' || outcome === 'failed' || (outcome === 'pinned' && candidate === undefined);
  const kept = (outcome === 'held' || outcome === 'pinned') && config.sources.length > 0 && !listDifference;
  return {
    name: config.name,
    outcome,
    before,
    after: stays ? before : candidate?.count,
    added: outcome === 'failed' ? 0 : difference.added.length,
    removed: outcome === 'failed' ? 0 : difference.removed.length,
    changed: outcome === 'failed' ? 0 : difference.changedAfter.length,
    milliseconds: plan.milliseconds,
    findings: plan.findings,
    pin: plan.pin,
    failure: plan.failure,
    conflicts: listing(plan.conflicts),
    rejected: listing(plan.rejections),
    notes: plan.notes,
    dat: files.dat,
    dbm: files.dbm[0].path,
    candidate: kept ? files.candidate : undefined,
    keptByHand: config.sources.length === 0,
    heldFile: heldFile !== undefined,
    hold: outcome === 'held' ? plan.hold : undefined,
    difference: listDifference && outcome !== 'failed' ? listed(plan) : undefined,
  };
}

/** As plain data, whatever counted it: a class keeps its figures from JSON. */
function listing<T>({ count, examples }: Listing<T>): Listing<T> {
  return { count, examples };
}

function listed({ heldFile, difference }: Plan): DifferenceListing {
  const { before, after, added, removed, changedBefore, changedAfter } = heldFile?.difference ?? difference;
  return {
    added: Array.from(added, (i) => entry(after, i)),
    removed: Array.from(removed, (i) => entry(before, i)),
    changed: Array.from(changedAfter, (i, n) => ({
      key: keyText(after, i),
      from: valueText(before, changedBefore[n]),
      to: valueText(after, i),
    })),
  };
}

function entry(pairs: Pairs, i: number): { key: string; value: string } {
  return { key: keyText(pairs, i), value: valueText(pairs, i) };
}

function keyText(pairs: Pairs, i: number): string {
  return printable(pairs.pool, pairs.keyStart[i], pairs.keyEnd[i]);
}

function valueText(pairs: Pairs, i: number): string {
  return printable(pairs.pool, pairs.valueStart[i], pairs.valueEnd[i]);
}
