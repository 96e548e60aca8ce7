import type { Config, FormatChoice, TableConfig } from '../../config/config.ts';
import type { Format } from '../../dbm/format.ts';
import { behindDbm, formats } from '../../dbm/index.ts';
import { askEximDbm, EximError } from './exim.ts';

/** The formats that tables are written in, and what a person should know about the choice. */
export interface ChosenFormats {
  readonly of: (table: Pick<TableConfig, 'formats'>) => readonly Format[];
  /** What `auto` came to, and how; undefined when no table asks for it. */
  readonly auto: AutoFormat | undefined;
}

export interface AutoFormat {
  readonly format: Format;
  /** What Exim said. */
  readonly line: string | undefined;
  /** Why Exim could not be asked. */
  readonly warning: string | undefined;
}

/**
 * The formats of each table; `auto` is the one that this hub's Exim was built for. Without an Exim to ask it is Berkeley
 * DB, what Debian's and Fedora's Exim read, with a warning.
 *
 * @throws EximError when Exim reads a format that can't be written
 */
export async function chooseFormats(config: Config): Promise<ChosenFormats> {
  const wanted = config.tables.some((table) => table.formats.includes('auto'));
  const auto = wanted ? await askExim(config.exim) : undefined;
  const format = (choice: FormatChoice): Format =>
    choice === 'auto' ? (auto?.format ?? formats.bdb) : formats[choice];
  return { of: (table) => table.formats.map(format), auto };
}

async function askExim(exim: string): Promise<AutoFormat> {
  try {
    const { library, line } = await askEximDbm(exim);
    if (library !== 'ndbm') return { format: behindDbm(library), line, warning: undefined };
    throw new UnwritableFormatError(
      `${exim} looks dbm files up with ${library} (${line}), which can't be written: name a format that another of its ` +
        'lookups reads, such as format = "cdb"',
    );
  } catch (error) {
    if (!(error instanceof EximError) || error instanceof UnwritableFormatError) throw error;
    const warning = `${error.message}; tables are written for Berkeley DB: set format, or exim, to silence this`;
    return { format: formats.bdb, line: undefined, warning };
  }
}

class UnwritableFormatError extends EximError {}
