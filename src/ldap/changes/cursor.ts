import type { Cursor, DeltaKind } from '../types.ts';

/** A selection's filter that is searched whole in every run, since notices don't tell of all its changes. */
export interface Restart {
  readonly filter: string;
  readonly reason: string;
}

/** What a cursor holds beside its kind and its scope. */
export interface CursorContents {
  readonly position: Buffer;
  readonly restarts: readonly Restart[];
  /** Filters that can't share a search. */
  readonly apart: readonly string[];
  /** What the search of everything took, in milliseconds. */
  readonly everything: number;
}

export function encodeCursor(kind: DeltaKind, scope: string, contents: CursorContents): Cursor {
  const text = JSON.stringify({ ...contents, position: contents.position.toString('base64') });
  return { kind, scope, value: Buffer.from(text) };
}

/** @returns undefined for what `encodeCursor` didn't make */
export function decodeCursor({ value }: Cursor): CursorContents | undefined {
  try {
    const { position, restarts, apart, everything } = JSON.parse(Buffer.from(value).toString('utf8'));
    if (typeof position !== 'string' || !Array.isArray(restarts) || !Array.isArray(apart)) return undefined;
    if (typeof everything !== 'number') return undefined;
    return { position: Buffer.from(position, 'base64'), restarts, apart, everything };
  } catch {
    return undefined;
  }
}
