import { statSync } from 'node:fs';
import { DbmError } from '../../dbm/error.ts';
import type { DbmFile } from '../../dbm/format.ts';
import { openTable } from '../../dbm/index.ts';
import { isMissing } from '../../state/plain-file.ts';
import type { State } from '../../state/state.ts';
import type { TableRecord } from '../../state/table-record.ts';
import { digestOf } from '../columns/digest.ts';
import { type Conflict, merge } from '../columns/merge.ts';
import type { Table } from '../columns/table.ts';
import type { Listing, Tally } from '../columns/tally.ts';
import { directoryInTheWay, PublishError, systemReason } from '../error.ts';
import type { Size } from '../guard/guard.ts';
import { type Rejection, readDatEntries } from '../sources/file.ts';
import { stampsOf, type TableFiles } from './files.ts';
import { readWholeFile } from './read-file.ts';

/** What a table's files are found to be, before anything is done to them. */
export interface Survey {
  /** What is published: the truth that a candidate is compared with. Undefined when there is nothing. */
  readonly published: Published | undefined;
  /** What Exim sees: the entries of the dbm file; undefined where it can't be read. @throws PublishError */
  readonly shown: () => Table | undefined;
  /** A `.dat` that somebody else wrote and that differs from the dbm file: a candidate like any other. */
  readonly foreign: DatFile | undefined;
  /** The last known size of a table of which nothing is left on disk, and the digest of its text. */
  readonly lostSize: Size | undefined;
  readonly lostDigest: string | undefined;
  /**
   * Bytes of the table before a publication that was cut short, perhaps between its two steps: what is published then may
   * hold entries that were only to stay until another table had them, and a candidate need not be larger than that.
   */
  readonly bytesBefore: number | undefined;
  /** What was published before that, as digest: the history has nothing of what came since. */
  readonly digestBefore: string | undefined;
  /** Whether the published `.dat` is there, whoever wrote it; and whether the dbm files hold the same. */
  readonly datThere: boolean;
  readonly dbmMatches: boolean;
  /** Whole files were compared, not only their stamps. */
  readonly verified: boolean;
  /** SHA-256 of the published `.dat`'s bytes, where there is one. */
  readonly datDigest: string | undefined;
  /** The sum of its blocks (`TextSum`), as recorded for a text with that digest. */
  readonly datSum: bigint | undefined;
  /** The stamps of the files as they were before they were read, by path. */
  readonly stamps: Readonly<Record<string, string>>;
  /** What a person should know: what was found missing, damaged or changed. */
  readonly notes: readonly string[];
}

export interface Published {
  readonly size: Size;
  /** SHA-256 of the canonical text. */
  readonly digest: string;
  /** The entries; read from disk at the first call. @throws PublishError, DbmError */
  readonly load: () => Table;
}

/** A `.dat` as read: its entries, and what of it could not be used. */
export interface DatFile {
  readonly table: Table;
  readonly digest: string;
  readonly conflicts: Listing<Conflict>;
  readonly rejections: Tally<Rejection>;
}

export interface SurveyOptions {
  /** What the last run recorded; undefined for a table that we never published. */
  readonly record: TableRecord | undefined;
  /** The `.dat` that a killed run was about to publish. */
  readonly intended: string | undefined;
  /** Read and compare the whole files although their stamps are as recorded. */
  readonly verify: boolean;
}

/** The view of a table whose files could not be read. */
export const NOTHING_SURVEYED: Survey = {
  published: undefined,
  shown: () => undefined,
  foreign: undefined,
  lostSize: undefined,
  lostDigest: undefined,
  bytesBefore: undefined,
  digestBefore: undefined,
  datThere: false,
  dbmMatches: false,
  verified: false,
  datDigest: undefined,
  datSum: undefined,
  stamps: {},
  notes: [],
};

/** `survey`, with what the state remembers of a table. @throws PublishError when a file is there but can't be read */
export function surveyTable(
  files: TableFiles,
  name: string,
  state: Pick<State, 'published' | 'intended'> | undefined,
  verify = false,
): Survey {
  return survey(files, { record: state?.published(name), intended: state?.intended(name), verify });
}

/**
 * Finds out what is published. A `.dat` that we wrote is the truth, and a dbm file that does not match it is to be rebuilt;
 * for one that somebody else wrote, and where there is none, the truth is what Exim sees: the dbm file.
 *
 * @throws PublishError when a file is there but can't be read
 */
export function survey(files: TableFiles, options: SurveyOptions): Survey {
  const { record } = options;
  const stamps = stampsOf(files);
  if (record !== undefined && !options.verify && stampsAgree(files, stamps, record))
    return asRecorded(files, record);

  const dat = readPublishedDat(files.dat);
  const dbm = readDbm(files);
  const lost = {
    lostSize: record && { entries: record.entries, bytes: record.bytes },
    lostDigest: record?.digest,
    notes:
      record === undefined
        ? dbm.notes
        : [...dbm.notes, 'there is no dbm file that Exim could look anything up in'],
  };
  const found = {
    ...NOTHING_SURVEYED,
    bytesBefore: options.intended === undefined ? undefined : record?.bytes,
    digestBefore: options.intended === undefined ? undefined : record?.digest,
    datThere: dat !== undefined,
    verified: true,
    datDigest: dat?.digest,
    datSum: dat?.digest === record?.datDigest ? record?.datSum : undefined,
    stamps,
    notes: dbm.notes,
  };

  if (dat !== undefined) {
    const published = publishedTable(dat.table);
    if (dbm.holds(dat.table)) return { ...found, published, shown: published.load, dbmMatches: true };
    const ours = dat.digest === record?.datDigest || dat.digest === options.intended;
    const table = dbm.load();
    const shown = (): Table | undefined => table;
    if (ours)
      return {
        ...found,
        published,
        shown,
        notes: [...dbm.notes, `the dbm file does not match ${files.dat}`],
      };
    return {
      ...found,
      published: table && publishedTable(table),
      shown,
      foreign: dat,
      ...(table === undefined ? lost : {}),
    };
  }

  const table = dbm.load();
  if (table === undefined) return { ...found, ...lost };
  return {
    ...found,
    published: publishedTable(table),
    shown: () => table,
    dbmMatches: true,
    notes: [...dbm.notes, `${files.dat} is missing; the published table is that of the dbm file`],
  };
}

function asRecorded(files: TableFiles, record: TableRecord): Survey {
  let table: Table | undefined;
  const load = (): Table => {
    table ??= readPublishedDat(files.dat)?.table;
    if (table === undefined)
      throw new PublishError(files.dat, 'it vanished during the run; run the command again');
    return table;
  };
  return {
    ...NOTHING_SURVEYED,
    published: { size: { entries: record.entries, bytes: record.bytes }, digest: record.digest, load },
    shown: load,
    datThere: true,
    dbmMatches: true,
    datDigest: record.datDigest,
    datSum: record.datSum,
    stamps: record.stamps,
  };
}

function stampsAgree(
  files: TableFiles,
  stamps: Readonly<Record<string, string>>,
  record: TableRecord,
): boolean {
  return [files.dat, ...files.dbm.map(({ path }) => path)].every(
    (path) => stamps[path] !== undefined && stamps[path] === record.stamps[path],
  );
}

function publishedTable(table: Table): Published {
  return {
    size: { entries: table.count, bytes: table.bytes },
    digest: table.digest,
    load: () => table,
  };
}

function readPublishedDat(path: string): DatFile | undefined {
  let bytes: Buffer;
  try {
    bytes = readWholeFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (isSystemError(error) && error.code === 'EISDIR') throw directoryInTheWay(path);
    throw new PublishError(path, systemReason(error), { cause: error });
  }
  const digest = digestOf(bytes);
  const { pairs, rejections } = readDatEntries(bytes);
  return { ...merge([{ source: path, pairs }]), digest, rejections };
}

interface DbmView {
  /** Whether every dbm file is sound and holds exactly these entries. */
  readonly holds: (table: Table) => boolean;
  /** The entries of the first sound dbm file, in whatever format it is: the hub's Exim may have been another. */
  readonly load: () => Table | undefined;
  readonly notes: string[];
}

function readDbm(files: TableFiles): DbmView {
  const notes: string[] = [];
  const holds = (table: Table): boolean =>
    files.dbm.every(({ path, format }) => {
      const check = (file: DbmFile): boolean => {
        file.verify();
        file.readBack(table);
        return true;
      };
      const held = withDbm(path, () => format.open(path), check);
      return held === true;
    });
  const load = (): Table | undefined => {
    for (const { path } of files.dbm) {
      const read = (file: DbmFile): Table => merge([{ source: path, pairs: file.pairs() }]).table;
      const table = withDbm(path, () => openTable(path), read);
      if (!(table instanceof DbmError)) return table;
      if (!isMissing(table.cause)) notes.push(table.message);
    }
    return undefined;
  };
  return { holds, load, notes };
}

/** @returns what `use` does, or the DbmError of a file that is missing or damaged; other faults are thrown */
function withDbm<T>(path: string, open: () => DbmFile, use: (file: DbmFile) => T): T | DbmError {
  try {
    const file = open();
    try {
      return use(file);
    } finally {
      file.close();
    }
  } catch (error) {
    if (!(error instanceof DbmError)) throw error;
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw directoryInTheWay(path);
    if (isSystemError(error.cause) && !isMissing(error.cause)) {
      throw new PublishError(path, systemReason(error.cause), { cause: error });
    }
    return error;
  }
}

function isSystemError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}
