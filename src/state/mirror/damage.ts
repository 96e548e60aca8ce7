import Database from 'better-sqlite3';

/** The mirror's files contradict themselves or can't be read: a full extraction makes new ones. */
export class DamagedMirrorError extends Error {
  override readonly name = 'DamagedMirrorError';
}

/** Whether the database itself is at fault, and a new one would do. */
export function isDamage(error: unknown): boolean {
  if (error instanceof DamagedMirrorError) return true;
  return error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB|ERROR)/.test(error.code);
}
