import type { Config } from '../config/config.ts';
import type { Format } from '../dbm/format.ts';
import { formats } from '../dbm/index.ts';
import { askEximDbm, EximError } from './exim.ts';

/** The formats that this hub's tables are written in, and what a person should know about the choice. */
export interface ChosenFormats {
  readonly formats: readonly Format[];
  readonly warnings: string[];
}

/**
 * The configured format, or with `auto` the one that this hub's Exim was built for. Without an Exim to ask it is Berkeley
 * DB, what Debian's and Fedora's Exim read, with a warning.
 *
 * @throws EximError when Exim reads a format that can't be written
 */
export async function chooseFormats(config: Config): Promise<ChosenFormats> {
  if (config.format !== 'auto') return { formats: [formats[config.format]], warnings: [] };
  let dbm: Awaited<ReturnType<typeof askEximDbm>>;
  try {
    dbm = await askEximDbm(config.exim);
  } catch (error) {
    if (!(error instanceof EximError)) throw error;
    const warning = `${error.message}; the tables are written for Berkeley DB: set format, or exim, to silence this`;
    return { formats: [formats.bdb], warnings: [warning] };
  }
  if (dbm.library in formats) return { formats: [formats.bdb], warnings: [] };
  throw new EximError(
    `${config.exim} looks dbm files up with ${dbm.library} (${dbm.line}), which can't be written yet; set format and use ` +
      'a lookup that Exim has for it',
  );
}
