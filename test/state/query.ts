import { join } from 'node:path';
import Database from 'better-sqlite3';

/** What the state file of a finished run has. */
export function queryState<Row>(stateDir: string, sql: string): Row[] {
  const database = new Database(join(stateDir, 'state.sqlite'), { readonly: true, fileMustExist: true });
  try {
    return database.prepare<[], Row>(sql).all();
  } finally {
    database.close();
  }
}
