import { statSync } from 'node:fs';
import type { SourceConfig } from '../../config/config.ts';

/** A file that nobody has written to for longer than its source's `max_age`. Times are milliseconds. */
export interface OldSource {
  readonly path: string;
  readonly age: number;
  readonly limit: number;
}

/** Those of the sources whose files are too old at `now`. One that is not there has failed, and is none of them. */
export function oldSources(sources: readonly SourceConfig[], now: number): OldSource[] {
  return sources.flatMap((source) => {
    if (source.kind === 'directory' || source.maxAge === undefined) return [];
    const status = statSync(source.path, { throwIfNoEntry: false });
    if (status === undefined) return [];
    const age = now - status.mtimeMs;
    return age > source.maxAge ? [{ path: source.path, age, limit: source.maxAge }] : [];
  });
}

/** A length of time for people, by its two largest units: `3 days 4 hours`. */
export function durationText(milliseconds: number): string {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  const parts = [
    [Math.floor(minutes / 1440), 'day'],
    [Math.floor(minutes / 60) % 24, 'hour'],
    [minutes % 60, 'minute'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return 'less than a minute';
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`)
    .join(' ');
}
