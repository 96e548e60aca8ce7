import type { Config } from '../config/config.ts';

/** A table was named that the configuration doesn't have. */
export class UnknownTableError extends Error {
  override readonly name = 'UnknownTableError';
}

/** @returns the names of the tables that are meant; all where none is named @throws UnknownTableError */
export function selectTables(config: Config, names: readonly string[] | undefined): ReadonlySet<string> {
  const known = config.tables.map(({ name }) => name);
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UnknownTableError(`there is no table ${unknown} in ${config.file}; it has ${known.join(', ')}`);
  }
  return new Set(names === undefined || names.length === 0 ? known : names);
}
