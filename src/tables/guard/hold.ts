import { HeldCandidates } from '../../state/held.ts';
import type { HoldRecord } from '../../state/hold-record.ts';
import { Rejections } from '../../state/rejections.ts';
import { digestOf } from '../columns/digest.ts';
import { EntriesBuilder } from '../columns/entries.ts';
import { entryOf } from '../columns/entry-of.ts';
import { merge } from '../columns/merge.ts';
import type { Table } from '../columns/table.ts';
import { systemReason } from '../error.ts';
import { stampOf } from '../publish/files.ts';
import { readWholeFile } from '../publish/read-file.ts';
import { readDatEntries } from '../sources/file.ts';
import type { Refusal } from './guard.ts';
import type { Plan } from './plan.ts';

/** What stands for a candidate and for the published table that it was compared with. */
function reviewDigest(candidate: string, published: string | undefined): string {
  return digestOf(Buffer.from(`${candidate}\n${published ?? ''}\n`));
}

/**
 * Keeps what a run held, with what it was compared with, until it is settled, and forgets what is settled. A candidate
 * that can't be kept, for want of room, is named in its table's notes, and stops nothing.
 *
 * @returns the holds of the tables of which this run knows whether they are held
 */
export async function settleHolds(
  plans: readonly Plan[],
  stateDir: string,
): Promise<Map<string, HoldRecord | undefined>> {
  const held = new HeldCandidates(stateDir);
  const rejections = new Rejections(stateDir);
  const holds = new Map<string, HoldRecord | undefined>();
  for (const plan of plans) {
    if (!plan.selected || plan.outcome === 'failed' || plan.outcome === 'pinned') continue;
    const { name } = plan.config;
    try {
      if (plan.outcome === 'held') {
        const record = await keepHold(plan, plans, held, rejections);
        if (record !== undefined) holds.set(name, record);
      } else {
        held.drop(name);
        // Nothing of what was refused is in question any more, or it was published on purpose.
        rejections.remove(name);
        holds.set(name, undefined);
      }
    } catch (error) {
      plan.notes.push(`${stateDir}: what is held can't be kept there: ${systemReason(error)}`);
    }
  }
  return holds;
}

/** What somebody refused to let go of a table. Of a refusal that can't be read it is known that there was one. */
export function refusalOf(stateDir: string, table: string): Refusal | undefined {
  const rejections = new Rejections(stateDir);
  const path = rejections.entriesPath(table);
  const rejection = rejections.get(table);
  if (rejection === undefined && stampOf(path) === undefined) return undefined;
  const { who, why } = rejection ?? { who: 'somebody', why: `the file beside ${path} can't be read` };
  try {
    const { pairs } = readDatEntries(readWholeFile(path));
    return { who, why, entries: merge([{ source: path, pairs }]).table };
  } catch (error) {
    return { who, why: `${why} (${path}: ${systemReason(error)})`, entries: undefined };
  }
}

/** The keys that a held candidate would lose to tables which do not show them yet, each with the table that gains it. */
function movesOf(plan: Plan, plans: readonly Plan[]): Table | undefined {
  const { base, heldFile } = plan;
  const { before, removed } = heldFile?.difference ?? plan.difference;
  if (base === undefined || removed.length === 0) return undefined;
  const { pool, keyStart, keyEnd } = before;
  const moves = new EntriesBuilder(removed.length, removed.length * 48);
  for (const other of plans) {
    const { candidate, config, survey, outcome, selected } = other;
    const shows = selected && (outcome === 'published' || outcome === 'unchanged');
    if (other === plan || candidate === undefined || shows) continue;
    const name = Buffer.from(config.name);
    const shown = (selected ? other.write?.table : undefined) ?? survey.shown();
    for (const entry of removed) {
      const [start, end] = [keyStart[entry], keyEnd[entry]];
      if (entryOf(candidate, pool, start, end) < 0) continue;
      if (shown !== undefined && entryOf(shown, pool, start, end) >= 0) continue;
      moves.add(pool, start, end, name, 0, name.length);
    }
  }
  if (moves.count === 0) return undefined;
  return merge([{ source: plan.config.name, pairs: moves.finish() }]).table;
}

async function keepHold(
  plan: Plan,
  plans: readonly Plan[],
  held: HeldCandidates,
  rejections: Rejections,
): Promise<HoldRecord | undefined> {
  const { config, findings, findingsKey, heldFile, write } = plan;
  const candidate = heldFile?.table ?? plan.candidate;
  if (candidate === undefined) return undefined;
  // What this run has published of it all the same is what the next one compares with.
  const base: Table | undefined = write?.table ?? plan.base?.load();
  const digest = reviewDigest(candidate.digest, base?.digest);
  const [last] = held.list(config.name);
  const now = new Date();
  const since = last?.since ?? now;
  const firstSeen = last?.findingsKey === findingsKey ? last.firstSeen : now;
  const rejection = rejections.get(config.name);
  const rejected = rejection?.findingsKey === findingsKey ? rejection : undefined;
  const moves = movesOf(plan, plans);
  await held.keep(
    config.name,
    {
      digest,
      candidate: candidate.digest,
      published: base?.digest,
      findingsKey,
      findings,
      byHand: heldFile !== undefined,
      since,
      firstSeen,
      lastSeen: now,
    },
    {
      candidate: () => candidate.text(),
      published: base && (() => base.text()),
      moves: moves && (() => moves.text()),
    },
  );
  plan.hold = { digest, since, firstSeen, rejection: rejected };
  return {
    findingsKey,
    since: since.getTime(),
    firstSeen: firstSeen.getTime(),
    lastSeen: now.getTime(),
    digest,
    candidate: candidate.digest,
    published: base?.digest ?? '',
    findings,
  };
}
