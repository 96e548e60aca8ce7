import { randomBytes } from 'node:crypto';
import type { Cursor, Extraction, IdForm } from '../../ldap/types.ts';
import { Base, writeBase } from '../../state/mirror/base.ts';
import type { Objects, Stream } from '../../state/mirror/columns.ts';
import { DamagedMirrorError, isDamage } from '../../state/mirror/damage.ts';
import type { Head } from '../../state/mirror/head.ts';
import type { OverlayObject } from '../../state/mirror/records.ts';
import { DamagedFileError } from '../../state/mirror/section-file.ts';
import { MirrorStore } from '../../state/mirror/store.ts';
import type { Run, RunSorting } from '../columns/runs.ts';
import { advance, type Comparison, compare, type Departed, keyOf } from './advance.ts';
import { type Contents, FullContents, StoredContents } from './contents.ts';
import type { Gathered } from './gatherer.ts';
import type { Past } from './past.ts';

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
  /** The overlay becomes part of a new base when it has more objects than this, and than a tenth of the base. */
  readonly foldAbove?: number;
}

/** Reading the overlay costs a hundredth of a second for each thousand of its objects, writing a base for each megabyte. */
const FOLD_ABOVE = 1000;

/**
 * What one directory gave, across runs: the other side of `src/ldap`. In a run it is asked whether there is something to go on
 * from, takes what the extraction brought, and is committed once, before anything is published.
 */
export class DirectoryMirror {
  readonly #store: MirrorStore | undefined;
  readonly #directory: string;
  readonly #options: MirrorOptions;
  #head: Head | undefined;
  #trouble: string | undefined;
  #stored: { readonly contents: StoredContents; readonly overlay: readonly OverlayObject[] } | undefined;
  #contents: Contents | undefined;
  #versions: readonly string[] | undefined;
  #past: Past | undefined;
  #settle: (() => Promise<void>) | undefined;
  #idForm: IdForm | undefined;
  #isDistrusted = false;

  /** @param store undefined where nothing can be remembered */
  constructor(store: MirrorStore | undefined, directory: string, options: MirrorOptions) {
    this.#store = store;
    this.#directory = directory;
    this.#options = options;
    try {
      this.#head = store?.head(directory);
      this.#trouble = this.#troubleWith(this.#head);
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#trouble = `the mirror is damaged (${reasonOf(error)})`;
    }
    if (this.#trouble === undefined) this.#versions = this.#head?.versions;
  }

  /** Why changes alone would not do; undefined when they do. */
  get fullBecause(): string | undefined {
    if (this.#trouble !== undefined) return this.#trouble;
    return this.#head?.cursor === undefined
      ? 'the directory offers no changes, or is not asked for them'
      : undefined;
  }

  /** Where the next extraction goes on. */
  get cursor(): Cursor | undefined {
    return this.#trouble === undefined ? this.#head?.cursor : undefined;
  }

  /** When the last full extraction started, in milliseconds of Unix time. */
  get fullAt(): number | undefined {
    return this.#head?.fullAt;
  }

  /** What the ids of its objects are. */
  get idForm(): IdForm | undefined {
    return this.#idForm ?? this.#head?.idForm;
  }

  /** Whether changes since the cursor show deletions. */
  get deletionsSeen(): boolean {
    return this.#head?.deletionsSeen ?? true;
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
    this.#contents = this.#read().contents;
    return this.#contents;
  }

  /** The damaged parts are not used again: the next answer has to be a full one. */
  giveUp(error: unknown): void {
    this.#trouble = `the mirror is damaged (${reasonOf(error)})`;
    this.#versions = undefined;
    this.#past = undefined;
    this.#stored?.contents.base.close();
    this.#stored = undefined;
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
    this.#stored?.contents.base.close();
    if (!this.#isDistrusted) return;
    try {
      this.#store?.forget(this.#directory);
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
    const { objects } = gathered;
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
      if (keepsBase && this.#head !== undefined) {
        this.#write({ ...head, base: this.#head.base }, [], false, departures);
      } else {
        await this.#writeWithBase(head, departures, objects, streams);
      }
    };
  }

  #takeDelta(gathered: Gathered, extraction: Extraction): void {
    const old = this.#head;
    if (old === undefined || this.#trouble !== undefined)
      throw new DamagedMirrorError('there is nothing to apply changes to');
    const isQuiet = gathered.objects.count === 0 && !gathered.restarted.includes(true);
    if (isQuiet) {
      this.#past = {
        versions: old.versions,
        keys: old.versions.map(() => []),
        values: (selection, key) => valuesIn(this.contents, selection, key),
      };
      const head = { ...this.#headOf(extraction, old.versions, old.fullAt), base: old.base };
      if (!isSameHead(head, old)) this.#settle = async () => this.#write(head, [], false, []);
      return;
    }
    const { contents, overlay } = this.#read();
    const next = advance(contents, overlay, gathered);
    this.#contents = next.contents;
    const versions = this.#next(next.isChanged);
    this.#versions = versions;
    this.#past = {
      versions: old.versions,
      keys: next.keys,
      values: (selection, key) => valuesIn(contents, selection, key),
    };
    const head = { ...this.#headOf(extraction, versions, old.fullAt), base: old.base };
    const { foldAbove = FOLD_ABOVE } = this.#options;
    const isLarge = next.overlay.length > Math.max(foldAbove, contents.base.objectCount / 10);
    this.#settle = async () => {
      if (!isLarge) return this.#write(head, next.objects, false, next.departures);
      const { objects, streams } = this.#folded(next.contents);
      await this.#writeWithBase(head, next.departures, objects, streams);
    };
  }

  /** @throws DamagedFileError: then the next run asks for everything */
  #folded(contents: StoredContents): { objects: Objects; streams: Stream[] } {
    try {
      return contents.folded();
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
    if (this.#head === undefined || valuesBefore === undefined) return undefined;
    return {
      versions: this.#head.versions,
      keys: valuesBefore.map((values) => [...values.keys()].map((key) => Buffer.from(key, 'latin1'))),
      // What did not change is as it was.
      values: (selection, key) => valuesBefore[selection].get(keyOf(key)) ?? valuesIn(now, selection, key),
    };
  }

  #next(isChanged: readonly boolean[]): string[] {
    const versions = this.#trouble === undefined ? this.#head?.versions : undefined;
    return isChanged.map(
      (changed, selection) => (changed ? undefined : versions?.[selection]) ?? newVersion(),
    );
  }

  /** What was known before a full extraction, where it can be compared: the keys that went are worth knowing. */
  #comparable(): StoredContents | undefined {
    if (this.#head?.fingerprint !== this.#options.fingerprint) return undefined;
    try {
      return this.#read().contents;
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      return undefined;
    }
  }

  #read(): { readonly contents: StoredContents; readonly overlay: readonly OverlayObject[] } {
    if (this.#stored !== undefined) return this.#stored;
    const store = this.#store;
    const head = this.#head;
    if (store === undefined || head === undefined) throw new DamagedMirrorError('there is none');
    const overlay = store.overlay(this.#directory);
    const base = new Base(store.basePath(head.base.name), head.base, head.streams);
    this.#stored = { contents: new StoredContents(base, overlay), overlay };
    return this.#stored;
  }

  async #writeWithBase(
    head: Omit<Head, 'base'>,
    departures: readonly Departed[],
    objects: Objects,
    streams: readonly Stream[],
  ): Promise<void> {
    const store = this.#store;
    if (store === undefined) return;
    const name = MirrorStore.baseName(newVersion());
    try {
      const identity = await writeBase(store.basePath(name), objects, streams);
      this.#write({ ...head, base: { name, ...identity } }, [], true, departures);
    } catch (error) {
      store.removeBase(name);
      throw error;
    }
    if (this.#head !== undefined) store.removeBase(this.#head.base.name);
  }

  #write(
    head: Head,
    objects: readonly OverlayObject[],
    fresh: boolean,
    departures: readonly Departed[],
  ): void {
    const { tables, keep } = this.#options;
    const commit = {
      head,
      objects,
      fresh,
      departures: departures.map(({ selection, ...departed }) => ({ table: tables[selection], ...departed })),
      now: Date.now(),
      keep,
    };
    try {
      this.#store?.commit(this.#directory, commit);
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#store?.reset();
      if (!fresh) throw error;
      this.#store?.commit(this.#directory, commit);
    }
  }

  #headOf(extraction: Extraction, versions: readonly string[], fullAt: number): Omit<Head, 'base'> {
    const { fingerprint, tables } = this.#options;
    const { cursor, deletionsSeen } = extraction;
    const { idForm } = this;
    return { fingerprint, streams: tables.length * 2, versions, cursor, deletionsSeen, fullAt, idForm };
  }

  #troubleWith(head: Head | undefined): string | undefined {
    if (head === undefined) return 'there is no mirror yet';
    if (head.fingerprint !== this.#options.fingerprint) return 'the configuration or the program changed';
    if (this.#store?.hasBase(head.base) !== true)
      return 'the mirror is damaged (its base file is missing or cut off)';
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

/** Whether every object that was known is there, under the DN that it had. */
function haveSameNames(before: StoredContents, { table, objects }: Gathered): boolean {
  const old = before.objects();
  if (old.count !== table.count) return false;
  for (let i = 0; i < old.count; i++) {
    const j = table.find(old.ids, i * 16);
    if (j < 0) return false;
    const dn = old.dns.subarray(old.dnStart[i], old.dnEnd[i]);
    if (Buffer.compare(dn, objects.dns.subarray(objects.dnStart[j], objects.dnEnd[j])) !== 0) return false;
  }
  return true;
}

function isSameHead(a: Head, b: Head): boolean {
  const parts = ({ cursor, ...head }: Head): string =>
    JSON.stringify([
      head.fingerprint,
      head.versions,
      head.deletionsSeen,
      head.fullAt,
      head.idForm,
      cursor?.kind,
      cursor?.scope,
      cursor === undefined ? undefined : Buffer.from(cursor.value).toString('hex'),
    ]);
  return parts(a) === parts(b);
}

function newVersion(): string {
  return randomBytes(12).toString('hex');
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
