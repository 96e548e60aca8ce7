import type { Pin } from '../../state/pins.ts';
import type { Plan } from './plan.ts';

/**
 * Turns a plan into that of a pinned table: what is published stays, though damaged files are mended, and what the sources
 * give is only shown. A table whose source or files failed is reported as that.
 */
export function pinPlan(plan: Plan, pin: Pin): void {
  plan.pin = pin;
  if (plan.outcome === 'failed') return;
  plan.outcome = 'pinned';
  plan.findings = [];
  plan.write = repairOf(plan);
}

function repairOf({ survey }: Plan): Plan['write'] {
  const { published, foreign, datThere, dbmMatches } = survey;
  if (published === undefined || foreign !== undefined || (datThere && dbmMatches)) return undefined;
  return { table: published.load(), parts: { dat: !datThere, dbm: !dbmMatches } };
}
