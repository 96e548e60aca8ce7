import { merge } from '../columns/merge.ts';
import { pick } from '../columns/pick.ts';
import type { Plan } from './plan.ts';

/**
 * What is published of a held candidate all the same, where the configuration says so: what was there, and the entries whose
 * keys are new. The notes tell.
 */
export function additionsOf({
  config,
  base,
  candidate,
  difference: { after, added },
  findings,
  notes,
}: Pick<Plan, 'config' | 'base' | 'candidate' | 'difference' | 'findings' | 'notes'>): Plan['write'] {
  if (config.onHold !== 'additions' || base === undefined || candidate === undefined || added.length === 0)
    return undefined;
  if (findings.some(({ rule }) => rule === 'max_added' || rule === 'max_age')) return undefined;
  const source = config.name;
  const { table } = merge([
    { source, pairs: base.load() },
    { source, pairs: pick(after, added) },
  ]);
  notes.push(`${added.length} new entries are published all the same (on_hold = "additions")`);
  return { table, parts: { dat: true, dbm: true } };
}
