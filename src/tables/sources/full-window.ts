import type { Hours } from '../../config/config.ts';

/** Whether a full extraction may start at `now`, in the time zone of the machine. */
export function isFullAllowed(forbidden: Hours | undefined, now: Date): boolean {
  if (forbidden === undefined) return true;
  const { from, to } = forbidden;
  const minute = now.getHours() * 60 + now.getMinutes();
  return from < to ? minute < from || minute >= to : minute >= to && minute < from;
}

/** Why a full extraction that is needed does not start at `now`, and what can be done: the end of a sentence on its directory. */
export function fullNotNow(forbidden: Hours, now: Date): string {
  const { from, to } = forbidden;
  const tomorrow = from > to && now.getHours() * 60 + now.getMinutes() >= from;
  return (
    `a full extraction is needed, and none starts between ${clock(from)} and ${clock(to)} (no_full_between): ` +
    `the first run after ${clock(to)}${tomorrow ? ' tomorrow' : ''} makes it, and build --full makes it now`
  );
}

function clock(minutes: number): string {
  return [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':');
}
