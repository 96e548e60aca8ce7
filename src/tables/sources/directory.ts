import { createHash } from 'node:crypto';
import type { DirectoryConfig, DirectorySourceConfig } from '../../config/config.ts';
import { version as program } from '../../config/version.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import { configurationError, DirectoryError } from '../../ldap/error.ts';
import { extract } from '../../ldap/extract.ts';
import { idText } from '../../ldap/object-id.ts';
import { printableDn } from '../../ldap/printable.ts';
import type { Extraction } from '../../ldap/types.ts';
import type { Stream } from '../../state/mirror/columns.ts';
import type { MirrorStore } from '../../state/mirror/store.ts';
import type { Contribution } from '../columns/merge.ts';
import { Tally } from '../columns/tally.ts';
import { SourceError, systemReason } from '../error.ts';
import type { Contents } from '../mirror/contents.ts';
import { DirectoryMirror, isUnreadable, type Sorting } from '../mirror/directory-mirror.ts';
import { Gatherer } from '../mirror/gatherer.ts';
import type { Past } from '../mirror/past.ts';
import type { Origin } from '../mirror/provenance.ts';
import { isNoRoom } from '../no-room.ts';
import type { Accounts } from './accounts.ts';
import type { DirectoryRun } from './directory-run.ts';
import type { Rejection, SourceEntries } from './file.ts';
import { fullNotNow, isFullAllowed } from './full-window.ts';

/** A table source, and the table that it feeds. */
export interface DirectoryUse {
  readonly table: string;
  readonly source: DirectorySourceConfig;
}

export interface DirectoryOptions {
  /** What is known from earlier runs; undefined where nothing can be remembered. */
  readonly store: MirrorStore | undefined;
  readonly accounts: Accounts;
  /** A full extraction is asked for, whatever the hour. */
  readonly full: boolean;
  /** How long departures are kept, in milliseconds. */
  readonly keep: number;
  readonly sorting: Sorting;
  readonly progress?: ((entries: number) => void) | undefined;
  /** Hears of every object that changed, before it is read. */
  readonly noticed?: (() => void) | undefined;
}

/** One directory in one run: what its objects give to the tables, known from the extraction and from those before it. */
export class DirectorySource {
  readonly config: DirectoryConfig;
  readonly uses: readonly DirectoryUse[];
  readonly #options: DirectoryOptions;
  readonly #mirror: DirectoryMirror;
  #failure: DirectoryError | undefined;
  #run: DirectoryRun;

  constructor(config: DirectoryConfig, uses: readonly DirectoryUse[], options: DirectoryOptions) {
    this.config = config;
    this.uses = uses;
    this.#options = options;
    this.#mirror = new DirectoryMirror(options.store, config.name, {
      fingerprint: fingerprintOf(config, uses),
      tables: uses.map(({ table }) => table),
      keep: options.keep,
    });
    this.#run = { ...NOT_ASKED, name: config.name };
  }

  /** What became of asking the directory. */
  get run(): DirectoryRun {
    return this.#run;
  }

  /** Why this run does not know what the directory gives. */
  get failure(): DirectoryError | undefined {
    return this.#failure;
  }

  /** Names all that the directory gives to a use. Undefined when this run could not find it out. */
  version(use: number): string | undefined {
    return this.#failure === undefined ? this.#mirror.versions?.[use] : undefined;
  }

  /** What it gave before the changes that this run learnt of; undefined where that is not known. */
  get past(): Past | undefined {
    return this.#failure === undefined ? this.#mirror.past : undefined;
  }

  /** @throws DamagedFileError, DamagedMirrorError; not after `makeReadable` */
  get contents(): Contents {
    return this.#mirror.contents;
  }

  /** The object that gives a key to one of the uses, as far as that can be read. */
  origin(use: number, key: Uint8Array): Origin | undefined {
    try {
      const [claim] = this.contents.claims(use, key);
      return claim && this.#describe(claim.object);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      return undefined;
    }
  }

  /** Asks the directory for what changed, or for everything. Its failure is found in `failure`. */
  async extract(): Promise<void> {
    const now = new Date();
    const isAllowed = this.#options.full || isFullAllowed(this.config.noFullBetween, now);
    const needed = this.#options.full ? '--full asks for it' : this.#mirror.fullBecause;
    // What is only due can wait for its hour.
    const because = needed ?? (isAllowed ? this.#due(now.getTime()) : undefined);
    await this.#attempt(because, isAllowed, now);
  }

  /**
   * Makes sure that what is known of the directory can be read, as far as it is needed: by a full extraction where it is damaged.
   *
   * @param looksUp whether of a use no more is needed than what it gave and gives for the keys that changed
   */
  async makeReadable(looksUp: (use: number) => boolean): Promise<{ readonly isAnother: boolean }> {
    if (this.#failure !== undefined) return { isAnother: false };
    try {
      for (const use of this.uses.keys()) {
        if (looksUp(use)) this.#lookUpChanges(use);
        else this.contents.load(use);
        const { object, count } = this.#rejections(use);
        if (count > 0) this.contents.dn(object[0]);
      }
      return { isAnother: false };
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      this.#mirror.giveUp(error);
    }
    const now = new Date();
    const isAllowed = this.#options.full || isFullAllowed(this.config.noFullBetween, now);
    await this.#attempt(this.#mirror.fullBecause, isAllowed, now);
    return { isAnother: true };
  }

  /**
   * What it gives to one of the uses. Only after `makeReadable`.
   *
   * @throws SourceError when that is damaged, and `makeReadable` did not need it: the next run asks for everything
   */
  entries(use: number): SourceEntries & Pick<Contribution, 'isSorted' | 'repeated'> {
    try {
      const pairs = this.contents.stream(use);
      return { pairs, rejections: this.rejections(use), isSorted: true, repeated: pairs.repeated };
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      this.#mirror.distrust();
      const reason = error instanceof Error ? error.message : String(error);
      const message = `what is known of it is damaged (${reason}); the next run asks for everything`;
      throw new SourceError(`directory ${this.config.name}`, message, { cause: error });
    }
  }

  /** Some of what it gives to one of the uses, a few entries at a time, as far as these can be read. */
  *someEntries(use: number): Iterable<Pairs> {
    try {
      yield* this.contents.some(use);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
    }
  }

  /** What it gives to one of the uses that can't be used. Only after `makeReadable`. */
  rejections(use: number): Tally<Rejection> {
    return this.#tally(this.#rejections(use));
  }

  /** Makes what this run found the truth for the next. @throws what writing it throws */
  async commit(): Promise<void> {
    if (this.#failure === undefined) await this.#mirror.commit();
  }

  close(): void {
    this.#mirror.close();
  }

  /** What is read for that stays in memory. */
  #lookUpChanges(use: number): void {
    for (const key of this.past?.keys[use] ?? []) {
      this.past?.values(use, key);
      this.contents.claims(use, key);
    }
  }

  async #attempt(because: string | undefined, isAllowed: boolean, now: Date): Promise<void> {
    this.#failure = undefined;
    const { config } = this;
    const { name } = config;
    const { accounts } = this.#options;
    try {
      accounts.admit(config);
      const extraction = await this.#ask(because, isAllowed, now);
      const { report, mode, deletionsSeen } = extraction;
      const fullBecause = mode === 'full' ? (because ?? extraction.fullBecause) : undefined;
      const { servers } = report;
      const ends = accounts.answered(config, report);
      this.#run = { name, report, failure: undefined, servers, ...ends, mode, fullBecause, deletionsSeen };
    } catch (error) {
      const failure = isNoRoom(error) ? noRoom(name, error) : error;
      if (!(failure instanceof DirectoryError)) throw error;
      this.#failure = failure;
      accounts.failed(config, failure);
      this.#run = { ...NOT_ASKED, name, failure, servers: failure.servers };
    }
  }

  async #ask(because: string | undefined, isAllowed: boolean, now: Date): Promise<Extraction> {
    const { config, uses } = this;
    const { noFullBetween } = config;
    const { accounts, sorting, progress, noticed } = this.#options;
    const forbidden =
      noFullBetween === undefined || isAllowed
        ? undefined
        : configurationError(config.name, fullNotNow(noFullBetween, now));
    if (because !== undefined && forbidden !== undefined) throw forbidden;
    const begun = (mode: 'full' | 'delta'): void => {
      if (mode === 'full' && forbidden !== undefined) throw forbidden;
    };
    const gatherer = new Gatherer(uses.length, sorting, begun, (id) => {
      noticed?.();
      this.#mirror.foresee(id);
    });
    const extraction = await extract(
      config,
      uses.map(({ source }) => source),
      gatherer,
      {
        since: because === undefined ? this.#mirror.cursor : undefined,
        progress,
        isPatient: forbidden !== undefined,
        askPasswordExpiry: accounts.isLookDue(config),
      },
    );
    const gathered = gatherer.finish();
    try {
      await this.#mirror.take(gathered, extraction, now.getTime(), sorting);
      return extraction;
    } catch (error) {
      if (gathered.mode === 'full' || !isUnreadable(error)) throw error;
      this.#mirror.giveUp(error);
      return this.#ask(this.#mirror.fullBecause, isAllowed, now);
    }
  }

  #describe(object: number): Origin {
    const { contents } = this;
    const dn = contents.dn(object);
    return {
      directory: this.config.name,
      guid: idText(contents.id(object), this.#mirror.idForm),
      dn: printableDn(dn),
    };
  }

  #due(now: number): string | undefined {
    const { fullAt } = this.#mirror;
    const { fullEvery } = this.config;
    if (fullAt === undefined || (fullAt <= now && now - fullAt < fullEvery)) return undefined;
    return 'the last one is older than full_every';
  }

  #rejections(use: number): Stream {
    return this.contents.stream(this.uses.length + use);
  }

  #tally(rejections: Stream): Tally<Rejection> {
    const tally = new Tally<Rejection>();
    if (rejections.count === 0) return tally;
    const { pool, keyStart, keyEnd, valueStart, valueEnd, object } = rejections;
    const { contents } = this.#mirror;
    for (let i = 0; i < rejections.count; i++) {
      tally.add(() => ({
        place: printableDn(contents.dn(object[i])),
        // Both were made printable where they were found.
        value: text(pool, keyStart[i], keyEnd[i]),
        reason: text(pool, valueStart[i], valueEnd[i]),
      }));
    }
    return tally;
  }
}

function noRoom(directory: string, cause: unknown): DirectoryError {
  return new DirectoryError({ directory, url: undefined }, 'memory', systemReason(cause), { cause });
}

const NOT_ASKED = {
  report: undefined,
  failure: undefined,
  servers: [],
  passwordExpires: undefined,
  warnings: [],
  mode: undefined,
  fullBecause: undefined,
  deletionsSeen: true,
};

/** Of all that decides over what a directory gives: when it is another, nothing that is known of it is good any more. */
function fingerprintOf(config: DirectoryConfig, uses: readonly DirectoryUse[]): string {
  const {
    urls: _urls,
    passwordFile: _passwordFile,
    caFile: _caFile,
    starttls: _starttls,
    allowPlaintext: _allowPlaintext,
    pageSize: _pageSize,
    connectTimeout: _connectTimeout,
    operationTimeout: _operationTimeout,
    extractionTimeout: _extractionTimeout,
    retryFor: _retryFor,
    maxEntriesPerSecond: _maxEntriesPerSecond,
    warnBefore: _warnBefore,
    fullEvery: _fullEvery,
    noFullBetween: _noFullBetween,
    ...whatIsAsked
  } = config;
  const selections = uses.map(({ table, source: { optional: _, ...source } }) => ({ table, source }));
  return createHash('sha256')
    .update(JSON.stringify([program, whatIsAsked, selections]))
    .digest('hex');
}

function text(pool: Uint8Array, start: number, end: number): string {
  return Buffer.from(pool.buffer, pool.byteOffset + start, end - start).toString('utf8');
}
