import { printableText } from '../config/printable.ts';
import type { Pin } from '../state/pins.ts';
import { whenText } from './when.ts';

/** Since when a table is pinned, by whom, and why. */
export function pinText({ since, who, why, by }: Pin): string {
  const when = since === undefined ? '' : ` since ${whenText(since)}`;
  const how = by === 'pin' ? '' : ` after a ${by === 'rollback' ? 'roll-back' : 'canary failed'}`;
  const reason = why === '' ? '' : `: ${printableText(why)}`;
  return `pinned${when} by ${printableText(who)}${how}${reason}`;
}
