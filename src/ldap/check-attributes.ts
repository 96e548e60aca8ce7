import { DirectoryError, type Server } from './error.ts';
import { addressAttributes } from './recipient-search.ts';
import type { Schema } from './schema.ts';
import { attributesOf, usesAddresses } from './template.ts';
import type { DirectorySettings, Selection } from './types.ts';

/**
 * A name that the server doesn't know is a mistake of the configuration, and no reason to reject every recipient for the lack of it.
 *
 * @throws DirectoryError
 */
export function checkAttributes(
  settings: DirectorySettings,
  selections: readonly Selection[],
  schema: Schema | undefined,
  server: Server,
): void {
  if (schema === undefined) return;
  for (const { key, value } of selections) {
    const names = attributesOf(key, value);
    if (usesAddresses(key) || usesAddresses(value)) names.push(...addressAttributes(settings, schema));
    const unknown = names.find((name) => schema.attribute(name.replace(/;.*/, '')) === undefined);
    if (unknown === undefined) continue;
    throw new DirectoryError(
      server,
      'configuration',
      `there is no attribute ${unknown} in the server's schema`,
    );
  }
}
