import { existsSync } from 'node:fs';
import type { Config, DirectorySourceConfig, TableConfig } from '../../config/config.ts';
import { printableText } from '../../config/printable.ts';
import { addressFault } from '../../ldap/address.ts';
import { DirectoryError } from '../../ldap/error.ts';
import { findHolders } from '../../ldap/find-holders.ts';
import { AccountMemory } from '../../state/account-memory.ts';
import { History, type KeyChange, type Run } from '../../state/history.ts';
import { type Override, Overrides } from '../../state/overrides.ts';
import { Pins } from '../../state/pins.ts';
import { lowerCaseAscii, printable } from '../columns/bytes.ts';
import { valueIn } from '../columns/entry-of.ts';
import { merge } from '../columns/merge.ts';
import { type OpenProvenance, openProvenance } from '../mirror/open-provenance.ts';
import type { Departure, Origin } from '../mirror/provenance.ts';
import { shellWord } from '../notices/shell-word.ts';
import { tableFiles } from '../publish/files.ts';
import { chooseFormats } from '../publish/formats.ts';
import { Accounts } from '../sources/accounts.ts';
import { readDatFile } from '../sources/file.ts';
import { type Hit, PublishedTables } from './lookup.ts';

/** A table that has the address. */
export interface Found {
  readonly table: string;
  readonly value: string;
  /** The object behind it, where that is known. */
  readonly origin: Origin | undefined;
  /** What became of that object meanwhile, where the table does not show it yet. */
  readonly departure: Departure | undefined;
  /** The run that brought it, or gave it this value; undefined where it was so before the history begins. */
  readonly since: Run | undefined;
  /** The first publication that the history has of the table. */
  readonly historyBegins: Date | undefined;
  readonly override: Override | undefined;
}

/** A table that had the address once. */
export interface Gone {
  readonly table: string;
  readonly run: Run;
  readonly value: string;
  readonly origin: Origin | undefined;
  /** What became of the object. */
  readonly departure: Departure | undefined;
}

/** Why an address is in no table, or in one that is not published. */
export interface Reason {
  readonly kind:
    | 'suppressed'
    | 'waits'
    | 'no-address'
    | 'not-local'
    | 'other-domain'
    | 'no-filter'
    | 'not-in-directory'
    | 'next-run'
    | 'not-asked'
    | 'unreadable';
  readonly message: string;
}

export interface Explanation {
  readonly key: string;
  /** In the order of the configuration: Exim takes the first. */
  readonly found: readonly Found[];
  /** Of the tables that do not have it now: the last time that one lost it, the latest first. */
  readonly gone: readonly Gone[];
  readonly reasons: readonly Reason[];
  /** Everything that was published of it, the latest first. */
  readonly changes: readonly KeyChange[];
  /** Why nothing is known of the past. */
  readonly stateTrouble: string | undefined;
}

/**
 * Where an address is, from which object, since when; or when it went; or why it was never taken.
 *
 * @param offline don't ask a directory about an address that is in no table
 * @throws EximError, DbmError for a damaged table
 */
export async function explainAddress(
  config: Config,
  address: string,
  { offline = false }: { readonly offline?: boolean } = {},
): Promise<Explanation> {
  const key = Buffer.from(address);
  lowerCaseAscii(key, 0, key.length);
  const history = History.open(config.stateDir);
  const tables = await PublishedTables.open(config);
  const provenance = await openProvenance(config);
  try {
    const explainer = new Explainer(config, key, history, provenance);
    const hits = tables.find(key);
    const found = hits.map((hit) => explainer.found(hit));
    const reasons = tables.faults.map((message): Reason => ({ kind: 'unreadable', message }));
    reasons.push(...explainer.byHand(hits), ...(await explainer.waiting(hits)));
    if (found.length === 0) {
      reasons.push(...explainer.domain(tables));
      reasons.push(...(await explainer.live(offline)));
    }
    return {
      key: printable(key),
      found,
      gone: explainer.gone(hits),
      reasons,
      changes: explainer.changes,
      stateTrouble: history.trouble,
    };
  } finally {
    provenance.close();
    tables.close();
    history.close();
  }
}

class Explainer {
  readonly changes: readonly KeyChange[];
  readonly #config: Config;
  readonly #key: Buffer;
  readonly #history: History;
  readonly #provenance: OpenProvenance;
  readonly #overrides: readonly Override[];

  constructor(config: Config, key: Buffer, history: History, provenance: OpenProvenance) {
    this.#config = config;
    this.#key = key;
    this.#history = history;
    this.#provenance = provenance;
    this.changes = history.changesOf(key);
    this.#overrides = new Overrides(config.stateDir).list().filter((each) => each.key === key.toString());
  }

  found({ table, value }: Hit): Found {
    const last = this.changes.find((change) => change.table === table && change.kind !== 'removed');
    const origin = this.#provenance.origin(table, this.#key);
    const departure = origin === undefined ? this.#provenance.departure(table, this.#key) : undefined;
    return {
      table,
      value: printable(value),
      origin: origin ?? departure ?? last?.origin,
      departure,
      since: last?.run,
      historyBegins: this.#history.firstPublication(table)?.startedAt,
      override: this.#overrides.find((each) => each.table === table),
    };
  }

  gone(hits: readonly Hit[]): Gone[] {
    const seen = new Set(hits.map(({ table }) => table));
    const gone: Gone[] = [];
    for (const { table, kind, run, before, origin } of this.changes) {
      if (seen.has(table)) continue;
      seen.add(table);
      if (kind !== 'removed') continue;
      const departure = this.#provenance.departure(table, this.#key);
      gone.push({
        table,
        run,
        value: printable(before ?? new Uint8Array(0)),
        origin: departure ?? origin,
        departure,
      });
    }
    return gone;
  }

  byHand(hits: readonly Hit[]): Reason[] {
    return this.#overrides
      .filter(({ table, value }) => value === undefined && !hits.some((hit) => hit.table === table))
      .map(({ table, who, why }) => ({
        kind: 'suppressed',
        message:
          printableText(`${table}: kept out by hand (${who}): ${why}; `) +
          `mailhub-tables override remove ${table} ${shellWord(printable(this.#key))}`,
      }));
  }

  /** Candidates that were not published and say otherwise. */
  async waiting(hits: readonly Hit[]): Promise<Reason[]> {
    const formats = await chooseFormats(this.#config);
    const pins = new Pins(this.#config.stateDir);
    return this.#config.tables.flatMap((table): Reason[] => {
      const { candidate } = tableFiles(this.#config.tablesDir, table.name, formats.of(table));
      if (table.sources.length === 0 || !existsSync(candidate)) return [];
      const { pairs } = readDatFile(candidate);
      const value = valueIn(merge([{ source: candidate, pairs }]).table, this.#key);
      const hit = hits.find((each) => each.table === table.name);
      const text = value && printable(value);
      if (text === (hit && printable(hit.value))) return [];
      const says = text === undefined ? 'has it no more' : `has it with the value ${text}`;
      const message =
        pins.get(table.name) !== undefined
          ? `${table.name} is pinned, and what waits ${says}`
          : `${table.name} is held, and what waits ${says}: mailhub-tables review ${table.name}`;
      return [{ kind: 'waits', message }];
    });
  }

  /** What its spelling and its domain tell. */
  domain(tables: PublishedTables): Reason[] {
    const key = this.#key;
    const fault = addressFault(key, 0, key.length);
    if (fault !== undefined) {
      return [{ kind: 'no-address', message: `it is no address that a directory source takes: ${fault}` }];
    }
    const reasons: Reason[] = [];
    const domain = key.subarray(key.lastIndexOf('@') + 1);
    const { localDomains } = this.#config.crossChecks;
    if (localDomains !== undefined && !tables.find(domain).some(({ table }) => table === localDomains)) {
      const message = `its domain ${printable(domain)} is not in ${localDomains}: its mail does not come here`;
      reasons.push({ kind: 'not-local', message });
    }
    const refusing = this.#sources().filter(({ source }) => !takes(source, domain));
    for (const { table } of refusing) {
      const message = `a source of ${table.name} takes other domains only`;
      reasons.push({ kind: 'other-domain', message });
    }
    return reasons;
  }

  /** What the directories say now. */
  async live(offline: boolean): Promise<Reason[]> {
    const reasons: Reason[] = [];
    const accounts = new Accounts(new AccountMemory(this.#config.stateDir), false);
    for (const directory of this.#config.directories) {
      const uses = this.#sources().filter(({ source }) => source.directory === directory.name);
      if (uses.length === 0) continue;
      if (offline) {
        reasons.push({ kind: 'not-asked', message: `directory ${directory.name} was not asked (--offline)` });
        continue;
      }
      try {
        accounts.admit(directory);
        const filters = uses.map(({ source }) => source.filter);
        const holders = await findHolders(directory, this.#key, filters);
        if (holders.length === 0) {
          const message = `no object of directory ${directory.name} below ${directory.base} has it`;
          reasons.push({ kind: 'not-in-directory', message });
        }
        for (const { dn, matches } of holders) reasons.push(this.#aboutHolder(dn, matches, uses));
      } catch (error) {
        if (!(error instanceof DirectoryError)) throw error;
        accounts.failed(directory, error);
        reasons.push({ kind: 'not-asked', message: error.message });
      }
    }
    return reasons;
  }

  #aboutHolder(object: string, matches: readonly boolean[], uses: readonly Use[]): Reason {
    const matching = uses.filter((_, i) => matches[i]);
    if (matching.length === 0) {
      const names = [...new Set(uses.map(({ table }) => table.name))].join(', ');
      return {
        kind: 'no-filter',
        message: `${object} has it, but no filter of ${names} matches that object`,
      };
    }
    const domain = this.#key.subarray(this.#key.lastIndexOf('@') + 1);
    const taking = matching.filter(({ source }) => takes(source, domain));
    const names = [...new Set((taking.length > 0 ? taking : matching).map(({ table }) => table.name))].join(
      ', ',
    );
    return taking.length > 0
      ? {
          kind: 'next-run',
          message: `${object} has it now, and ${names} takes it with the next run, unless it is rejected or held`,
        }
      : { kind: 'other-domain', message: `${object} has it, but ${names} takes other domains only` };
  }

  #sources(): Use[] {
    return this.#config.tables.flatMap((table) =>
      table.sources.flatMap((source) => (source.kind === 'directory' ? [{ table, source }] : [])),
    );
  }
}

interface Use {
  readonly table: TableConfig;
  readonly source: DirectorySourceConfig;
}

function takes({ domains }: DirectorySourceConfig, domain: Uint8Array): boolean {
  return domains === undefined || domains.includes(Buffer.from(domain).toString());
}
