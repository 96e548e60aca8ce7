import type { Amount } from '../../config/config.ts';

/** Whether `count` of so many entries are more than a limit allows; what is just at the limit passes. */
export function exceeds(count: number, limit: Amount, entries: number): boolean {
  if ('count' in limit) return count > limit.count;
  const roundingError = 1 + 1e-12;
  return count * 100 > limit.percent * entries * roundingError;
}

/** A limit as the configuration has it. */
export function amountText(limit: Amount | undefined): string {
  if (limit === undefined) return 'none';
  return 'count' in limit ? String(limit.count) : `"${limit.percent}%"`;
}
