import type { Cursor, Extraction, IdForm } from '../../ldap/types.ts';
import type { Stream } from '../../state/mirror/columns.ts';
import { DamagedMirrorError, isDamage } from '../../state/mirror/damage.ts';
import { type BaseFile, isSameHead } from '../../state/mirror/head.ts';
import { DamagedFileError } from '../../state/mirror/section-file.ts';
import type { MirrorStore } from '../../state/mirror/store.ts';
import type { Run, RunSorting } from '../columns/runs.ts';
import { advance, type Comparison, compare, keyOf } from './advance.ts';
import { type Contents, FullContents, type StoredContents } from './contents.ts';
import type { Gathered } from './gatherer.ts';
import type { Past } from './past.ts';
import { haveSameNames } from './same-names.ts';
import { newName, type Standing, StoredMirror } from './stored-mirror.ts';
import type { Everything } from './write-whole.ts';

/** Sorts, perhaps in other threads. */
export interface Sorting extends RunSorting {
  /** Puts a stream into the order of a mirror. @param runs of its first entries, sorted before */
  order(stream: Stream, ids: Uint8Array, runs: readonly Run[]): Promise<Stream>;
}

export interface MirrorOptions {
  /** Of the part of the configuration that decides over what the directory gives. */
  readonly fingerprint: string;
  /** For each selection, the table that it feeds. */
  readonly tables: readonly string[];
  /** How long departures are kept, in milliseconds. */
  readonly keep: number;
  /** What changed becomes part of a new base when it has more objects than this, and than a tenth of the base. */
  readonly foldAbove?: number;
}

const FOLD_ABOVE = 1000;
/** More than a server answers while they are looked up. */
const MOST_FORESEEN = 500;
/** So, too, when its file has more bytes than this, and than a tenth of the base's: what an object gave before stays in it. */
const FOLD_ABOVE_BYTES = 1 << 22;

/**
 * What one directory gave, across runs: the other side of `src/ldap`. In a run it is asked whether there is something to go on
 * from, takes what the extraction brought, and is committed once, before anything is published.
 */
export class DirectoryMirror {
  readonly #stored: StoredMirror;
  readonly #options: MirrorOptions;
  #trouble: string | undefined;
  #foreseen: Uint8Array[] = [];
  #contents: Contents | undefined;
  #versions: readonly string[] | undefined;
  #past: Past | undefined;
  #settle: (() => Promise<void>) | undefined;
  #idForm: IdForm | undefined;
  #isDistrusted = false;

  /** @param store undefined where nothing can be remembered */
  constructor(store: MirrorStore | undefined, directory: string, options: MirrorOptions) {
    this.#stored = new StoredMirror(store, directory, options.tables, options.keep);
    this.#options = options;
    try {
      this.#stored.open();
      this.#trouble = this.#findTrouble();
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#trouble = `the mirror is damaged (${reasonOf(error)})`;
    }
    if (this.#trouble === undefined) this.#versions = this.#stored.head?.versions;
  }

  /** Why changes alone would not do; undefined when they do. */
  get fullBecause(): string | undefined {
    if (this.#trouble !== undefined) return this.#trouble;
    return this.#stored.head?.cursor === undefined
      ? 'the directory offers no changes, or is not asked for them'
      : undefined;
  }

  /** Where the next extraction goes on. */
  get cursor(): Cursor | undefined {
    return this.#trouble === undefined ? this.#stored.head?.cursor : undefined;
  }

  /** When the last full extraction started, in milliseconds of Unix time. */
  get fullAt(): number | undefined {
    return this.#stored.head?.fullAt;
  }

  /** What the ids of its objects are. */
  get idForm(): IdForm | undefined {
    return this.#idForm ?? this.#stored.head?.idForm;
  }

  /** Whether changes since the cursor show deletions. */
  get deletionsSeen(): boolean {
    return this.#stored.head?.deletionsSeen ?? true;
  }

  /** For each selection a name of what the directory gives to it: never the same for two different answers. */
  get versions(): readonly string[] | undefined {
    return this.#versions;
  }

  /** What it gave before the changes that this run took; undefined where that is not known, or too much has changed. */
  get past(): Past | undefined {
    return this.#past;
  }

  /** What the directory gives. @throws DamagedMirrorError, DamagedFileError: then a full extraction has to be made */
  get contents(): Contents {
    if (this.#contents !== undefined) return this.#contents;
    if (this.#trouble !== undefined) throw new DamagedMirrorError(this.#trouble);
    this.#contents = this.#stored.read();
    return this.#contents;
  }

  /**
   * An object has changed: what it gave is looked up while the server is asked what it gives now. To be called for each of them, before
   * any is read.
   */
  foresee(id: Uint8Array): void {
    if (this.#trouble !== undefined || this.#foreseen.length === MOST_FORESEEN) return;
    if (this.#foreseen.push(id.slice()) === 1) this.#foreseeNext(0);
  }

  /** One at a time: the server is to be asked first, and its answer taken as soon as it is there. */
  #foreseeNext(number: number): void {
    setImmediate(() => {
      const id = this.#foreseen[number];
      // None where all is done, or it has been closed, given up or needed meanwhile.
      if (id === undefined) return;
      try {
        this.#stored.read().foresee(id);
      } catch {
        // Whoever asks for it meets it again, and can say what came of it.
        return;
      }
      this.#foreseeNext(number + 1);
    });
  }

  /** The damaged parts are not used again: the next answer has to be a full one. */
  giveUp(error: unknown): void {
    this.#trouble = `the mirror is damaged (${reasonOf(error)})`;
    this.#versions = undefined;
    this.#past = undefined;
    this.#closeFiles();
    this.#contents = undefined;
    this.#settle = undefined;
  }

  /**
   * Takes what an extraction brought. @param startedAt in milliseconds of Unix time
   *
   * @throws DamagedMirrorError, DamagedFileError for a delta when what it is to be applied to can't be read
   */
  async take(gathered: Gathered, extraction: Extraction, startedAt: number, sorting: Sorting): Promise<void> {
    this.#idForm = extraction.idForm;
    if (gathered.mode === 'full') await this.#takeFull(gathered, extraction, startedAt, sorting);
    else this.#takeDelta(gathered, extraction);
  }

  /**
   * Makes what was taken the truth for the runs to come: all of it at once, or nothing. To be called once, before anything is published.
   *
   * @throws an error of SQLite or of the operating system; the next run then goes on from where this one did
   */
  async commit(): Promise<void> {
    const settle = this.#settle;
    this.#settle = undefined;
    await settle?.();
  }

  /** Part of what this run goes by is damaged, and it is too late to ask for everything: the next run does. */
  distrust(): void {
    this.#isDistrusted = true;
  }

  close(): void {
    this.#closeFiles();
    if (!this.#isDistrusted) return;
    try {
      this.#stored.forget();
    } catch (error) {
      // The next run that comes upon the damage tries again.
      if (!(error instanceof Error && error.name === 'SqliteError')) throw error;
    }
  }

  async #takeFull(
    gathered: Gathered,
    extraction: Extraction,
    startedAt: number,
    sorting: Sorting,
  ): Promise<void> {
    const { objects, sums } = gathered;
    const streams = await Promise.all(
      gathered.streams.map(async (stream, number) =>
        sorting.order(stream, objects.ids, await gathered.runs[number]),
      ),
    );
    const contents = new FullContents(objects, streams);
    const before = this.#comparable();
    const { isChanged, valuesBefore, departures } = this.#compared(before, contents, gathered);
    this.#contents = contents;
    this.#past = this.#pastOf(contents, valuesBefore);
    const versions = this.#next(isChanged);
    this.#versions = versions;
    const keepsBase = before !== undefined && !isChanged.includes(true) && haveSameNames(before, gathered);
    const head = this.#headOf(extraction, versions, startedAt);
    this.#settle = async () => {
      if (keepsBase && this.#stored.head !== undefined) {
        const { base, recent } = this.#stored.head;
        this.#stored.write({ ...head, base, recent }, departures);
      } else {
        await this.#stored.writeBase(head, departures, { objects, streams, sums });
      }
    };
  }

  #takeDelta(gathered: Gathered, extraction: Extraction): void {
    const old = this.#stored.head;
    if (old === undefined || this.#trouble !== undefined)
      throw new DamagedMirrorError('there is nothing to apply changes to');
    const { base, recent } = old;
    this.#foreseen = [];
    const isQuiet = gathered.objects.count === 0 && !gathered.restarted.includes(true);
    if (isQuiet) {
      this.#past = {
        versions: old.versions,
        keys: old.versions.map(() => []),
        values: (selection, key) => valuesIn(this.contents, selection, key),
      };
      const head = { ...this.#headOf(extraction, old.versions, old.fullAt), base, recent };
      if (!isSameHead(head, old)) this.#settle = async () => this.#stored.write(head, []);
      return;
    }
    const contents = this.#stored.read();
    const next = advance(contents, gathered);
    this.#contents = next.contents;
    const versions = this.#next(next.isChanged);
    this.#versions = versions;
    this.#past = {
      versions: old.versions,
      keys: next.keys,
      values: (selection, key) => valuesIn(contents, selection, key),
    };
    const head = this.#headOf(extraction, versions, old.fullAt);
    const { departures } = next;
    this.#settle = async () => {
      if (next.objects.length === 0) this.#stored.write({ ...head, base, recent }, departures);
      else if (this.#isLarge(next.contents, recent)) {
        const all = this.#folded(() => next.contents.folded());
        await this.#stored.writeBase(head, departures, all);
      } else {
        const all = this.#folded(() => next.contents.foldedAbove());
        await this.#stored.writeRecent({ ...head, base }, departures, all);
      }
    };
  }

  #isLarge({ countAbove, count }: StoredContents, recent: BaseFile | undefined): boolean {
    const { foldAbove = FOLD_ABOVE } = this.#options;
    const bytes = recent?.bytes ?? 0;
    const baseBytes = this.#stored.head?.base.bytes ?? 0;
    return (
      countAbove > Math.max(foldAbove, (count - countAbove) / 10) ||
      bytes > Math.max(FOLD_ABOVE_BYTES, baseBytes / 10)
    );
  }

  /** @throws DamagedFileError: then the next run asks for everything */
  #folded(fold: () => Everything): Everything {
    try {
      return fold();
    } catch (error) {
      if (isUnreadable(error)) this.distrust();
      throw error;
    }
  }

  #compared(before: StoredContents | undefined, now: Contents, gathered: Gathered): Comparison {
    try {
      if (before !== undefined) return compare(before, now, gathered);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
    }
    return { isChanged: this.#options.tables.map(() => true), valuesBefore: undefined, departures: [] };
  }

  #pastOf(now: Contents, valuesBefore: Comparison['valuesBefore']): Past | undefined {
    if (this.#stored.head === undefined || valuesBefore === undefined) return undefined;
    return {
      versions: this.#stored.head.versions,
      keys: valuesBefore.map((values) => [...values.keys()].map((key) => Buffer.from(key, 'latin1'))),
      // What did not change is as it was.
      values: (selection, key) => valuesBefore[selection].get(keyOf(key)) ?? valuesIn(now, selection, key),
    };
  }

  #next(isChanged: readonly boolean[]): string[] {
    const versions = this.#trouble === undefined ? this.#stored.head?.versions : undefined;
    return isChanged.map((changed, selection) => (changed ? undefined : versions?.[selection]) ?? newName());
  }

  /** What was known before a full extraction, where it can be compared: the keys that went are worth knowing. */
  #comparable(): StoredContents | undefined {
    if (this.#stored.head?.fingerprint !== this.#options.fingerprint) return undefined;
    try {
      return this.#stored.read();
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      return undefined;
    }
  }

  #closeFiles(): void {
    this.#stored.close();
    this.#foreseen = [];
  }

  #headOf(extraction: Extraction, versions: readonly string[], fullAt: number): Standing {
    const { fingerprint, tables } = this.#options;
    const { cursor, deletionsSeen } = extraction;
    const { idForm } = this;
    return { fingerprint, streams: tables.length * 2, versions, cursor, deletionsSeen, fullAt, idForm };
  }

  #findTrouble(): string | undefined {
    const { head } = this.#stored;
    if (head === undefined) return 'there is no mirror yet';
    if (head.fingerprint !== this.#options.fingerprint) return 'the configuration or the program changed';
    if (!this.#stored.hasFiles) return 'the mirror is damaged (a file of it is missing or cut off)';
    return undefined;
  }
}

function valuesIn(contents: Contents, selection: number, key: Uint8Array): Uint8Array[] {
  return contents.claims(selection, key).map(({ value }) => value);
}

/** Whether a full extraction can take the place of what could not be read. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof DamagedFileError || isDamage(error);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
