import { MemoryFullError } from '../dbm/linear-memory.ts';
import { NoMemoryError } from '../ldap/linear-memory.ts';
import { TableTooLargeError } from './columns/entries.ts';

/** Whether an error says that a table, or what a source gives, is larger than what can be worked on. */
export function isNoRoom(error: unknown): boolean {
  return [MemoryFullError, NoMemoryError, TableTooLargeError].some((kind) => error instanceof kind);
}
