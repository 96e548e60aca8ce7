import type { Template } from './template.ts';

/** The forms of a table file for Exim's `dbm` lookup: they have the table's plain name, so a table has one of them. */
export const plainFormats = ['auto', 'bdb', 'gdbm', 'tdb'] as const;

/** Those for its other lookups: files with a suffix, beside the plain one or instead of it. */
export const suffixedFormats = ['cdb', 'lmdb', 'sqlite'] as const;

/** `auto` is what this hub's Exim was built for. */
export type FormatChoice = (typeof plainFormats)[number] | (typeof suffixedFormats)[number];

export const deltaChoices = ['auto', 'dirsync', 'syncrepl', 'timestamp', 'none'] as const;

export type DeltaChoice = (typeof deltaChoices)[number];

/** A configuration that passed every check, its defaults filled in. Paths are absolute, times are milliseconds. */
export interface Config {
  readonly file: string;
  readonly tablesDir: string;
  readonly stateDir: string;
  /** How long the state remembers runs and what they published. */
  readonly keepHistory: number;
  /** The Exim binary that is asked for its dbm library. */
  readonly exim: string;
  /** How many earlier generations of each table are kept for `rollback`. */
  readonly generations: number;
  readonly crossChecks: CrossChecksConfig;
  /** Tables that are made of others. */
  readonly derived: readonly DerivedConfig[];
  readonly canaries: readonly CanaryConfig[];
  /** Undefined: nobody is told. */
  readonly notify: NotifyConfig | undefined;
  readonly directories: readonly DirectoryConfig[];
  /** In the order of the file, which is the order of `lookup`. */
  readonly tables: readonly TableConfig[];
}

export interface DirectoryConfig {
  readonly name: string;
  /** `ldap://` or `ldaps://`, host and perhaps port, nothing else; or `srv:` and a domain. */
  readonly urls: readonly string[];
  readonly base: string;
  /** `configuration`: objects of the forest's configuration are meant, whose base the server names, and not those below `base`. */
  readonly context?: 'configuration';
  readonly bindDn: string | undefined;
  /** Path of the file with the password, systemd credentials resolved; undefined for an anonymous bind. */
  readonly passwordFile: string | undefined;
  readonly caFile: string | undefined;
  readonly starttls: boolean;
  readonly allowPlaintext: boolean;
  readonly pageSize: number;
  readonly connectTimeout: number;
  readonly operationTimeout: number;
  /** For everything that one run asks of it. */
  readonly extractionTimeout: number;
  /** How long after the first failure its servers are asked again; 0 for once each. */
  readonly retryFor: number;
  /** Undefined for as fast as it answers. */
  readonly maxEntriesPerSecond: number | undefined;
  /** How long before they end certificates and the password are warned of; 0 for never. */
  readonly warnBefore: number;
  /** When no full extraction starts; undefined: one may start at any time. */
  readonly noFullBetween: Hours | undefined;
  /** A full extraction runs when the last one is older than this. */
  readonly fullEvery: number;
  /** The attributes with the SMTP addresses; the first of them that a recipient has holds the primary one. At least one. */
  readonly addressAttributes: readonly string[];
  /** Whether they came with the type: one that the server doesn't know is then passed over. */
  readonly areUsualAttributes: boolean;
  /** Names an object for good; undefined: what the server's kind has. */
  readonly idAttribute: string | undefined;
  /** How changes are asked for. */
  readonly delta: DeltaChoice;
}

/** Times of every day, in minutes after midnight, local time: `from` is in, `to` is out, and lies on the next day where it is the lesser. */
export interface Hours {
  readonly from: number;
  readonly to: number;
}

export interface TableConfig {
  readonly name: string;
  /** What is written of it; at least one. */
  readonly formats: readonly FormatChoice[];
  readonly guard: GuardConfig | undefined;
  /** What goes on while the table is held: nothing, or entries whose keys are new. */
  readonly onHold: OnHold;
  /** Empty for a table kept by hand. */
  readonly sources: readonly SourceConfig[];
}

export type SourceConfig = DirectorySourceConfig | FileSourceConfig | CsvSourceConfig;

interface SourceCommon {
  /** An optional source that fails removes nothing from its table, and the table is still built. */
  readonly optional: boolean;
}

export interface DirectorySourceConfig extends SourceCommon {
  readonly kind: 'directory';
  readonly directory: string;
  /** RFC 4515. */
  readonly filter: string;
  readonly key: Template;
  /** `domains`: keys have to be mail domains, or `*.` and one. */
  readonly keys?: 'domains';
  readonly value: Template;
  /** Lower case; undefined takes every domain. */
  readonly domains: readonly string[] | undefined;
}

export interface FileSourceConfig extends SourceCommon {
  readonly kind: 'file';
  readonly path: string;
  /** A file that was written longer ago is a finding of the guard. */
  readonly maxAge: number | undefined;
}

export interface CsvSourceConfig extends SourceCommon {
  readonly kind: 'csv';
  readonly path: string;
  /** Placeholders are names of columns. */
  readonly key: Template;
  readonly value: Template;
  /** `auto`: whichever of the two the header line has. */
  readonly delimiter: ',' | ';' | 'auto';
  readonly maxAge: number | undefined;
}

export const onHoldChoices = ['nothing', 'additions'] as const;

export type OnHold = (typeof onHoldChoices)[number];

/** A limit in entries, or in percent of the entries before. */
export type Amount = { readonly count: number } | { readonly percent: number };

export interface GuardConfig {
  readonly maxRemoved?: Amount | undefined;
  readonly maxChanged?: Amount | undefined;
  readonly maxAdded?: Amount | undefined;
  readonly minEntries?: number | undefined;
  /** Of the entries whose keys are addresses in one domain. */
  readonly maxRemovedPerDomain?: Amount | undefined;
  /** Keys that must not go, and, with `@` in front, domains of which some address must stay. Lower case. */
  readonly protected?: readonly string[] | undefined;
}

/** What is done about something that is not right between the tables. */
export type CrossCheckMode = 'warn' | 'hold' | 'off';

export interface CrossChecksConfig {
  /** The table of the local domains; undefined where there is none. */
  readonly localDomains: string | undefined;
  /** The tables of mailing lists. */
  readonly lists: readonly string[];
  readonly modes: Readonly<
    Record<'duplicates' | 'shadowed' | 'not_local' | 'empty_domains' | 'loops', CrossCheckMode>
  >;
}

/** Who is told, and how, when something needs somebody. */
export interface NotifyConfig {
  /** Addresses; none for no mail. */
  readonly mail: readonly string[];
  /** Undefined for the first of `mail`. */
  readonly from: string | undefined;
  readonly sendmail: string;
  /** A program with its arguments, which gets a JSON document; empty for none. */
  readonly command: readonly string[];
  /** Runs in a row that a source has to fail in before somebody is told. */
  readonly after: number;
}

/** A table that is made of others, whenever these have changed. */
export type DerivedConfig = CombinedConfig | GraceConfig;

interface DerivedCommon {
  readonly name: string;
  readonly formats: readonly FormatChoice[];
  /** At least one. */
  readonly tables: readonly string[];
}

/** Every key of the tables, with the name of the first that has it and its value. */
export interface CombinedConfig extends DerivedCommon {
  readonly kind: 'combined';
}

/** The keys that went from the tables a short time ago. */
export interface GraceConfig extends DerivedCommon {
  readonly kind: 'grace';
  /** In milliseconds. */
  readonly keep: number;
}

/** An address that has to be found after every publication. */
export interface CanaryConfig {
  readonly address: string;
  /** The first table that has it. */
  readonly table: string;
  /** The router that `exim -bt` names; undefined: Exim is not asked. */
  readonly router: string | undefined;
}
