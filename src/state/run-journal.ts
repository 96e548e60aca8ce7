import type Database from 'better-sqlite3';
import { type HoldRecord, writeHold } from './hold-record.ts';
import type { DirectoryLoad, PublishedChanges, RunStart, TableOutcome } from './run-record.ts';
import { endRun, forgetRuns, insertChanges, insertOutcome, insertRun } from './run-rows.ts';
import { forgetIntended, type TableRecord, writePublished } from './table-record.ts';

/** What the journal needs of the state: whichever database is in use at the moment. */
interface Store {
  readonly write: (work: (database: Database.Database) => void) => void;
  readonly generation: () => number;
}

/** What is published of a table. */
export interface Publication {
  readonly name: string;
  readonly record: TableRecord;
  /** Undefined where it was published before this run. */
  readonly outcome?: TableOutcome | undefined;
  readonly changes?: PublishedChanges | undefined;
}

/** The record of one run, written as it goes. */
export class RunJournal {
  readonly #start: RunStart;
  readonly #store: Store;
  #row: { readonly id: number; readonly generation: number } | undefined;

  constructor(start: RunStart, store: Store) {
    this.#start = start;
    this.#store = store;
  }

  /**
   * Records, all at once, what is published now and that nothing further is intended; of what was published in this run also what
   * became of the table, and every entry that differs.
   *
   * @param withdrawn names of tables that are not published, though that was intended
   */
  published(publications: readonly Publication[], withdrawn: readonly string[] = []): void {
    if (publications.length + withdrawn.length === 0) return;
    const isNews = publications.some(({ outcome }) => outcome !== undefined);
    const record = (database: Database.Database, run?: number): void => {
      for (const { name, record, outcome, changes } of publications) {
        writePublished(database, name, record);
        if (run === undefined || outcome === undefined) continue;
        insertOutcome(database, run, outcome);
        if (changes !== undefined) insertChanges(database, run, name, changes);
      }
      for (const name of withdrawn) forgetIntended(database, name);
    };
    if (isNews) this.#write(record);
    else this.#store.write(record);
  }

  /**
   * Ends the run: what became of the tables that were not published, which of them are held and which no more.
   *
   * @param keep forget runs that began longer ago, in milliseconds
   */
  end(ending: {
    readonly result: string;
    readonly load: readonly DirectoryLoad[];
    readonly outcomes: readonly TableOutcome[];
    readonly holds: ReadonlyMap<string, HoldRecord | undefined>;
    readonly keep: number;
  }): void {
    this.#write((database, run) => {
      for (const outcome of ending.outcomes) insertOutcome(database, run, outcome);
      for (const [table, hold] of ending.holds) writeHold(database, table, hold);
      endRun(database, run, ending.result, ending.load);
      forgetRuns(database, this.#start.startedAt - ending.keep);
    });
  }

  #write(work: (database: Database.Database, run: number) => void): void {
    let row = this.#row;
    this.#store.write((database) => {
      const generation = this.#store.generation();
      row = this.#row?.generation === generation ? this.#row : undefined;
      row ??= { id: insertRun(database, this.#start), generation };
      work(database, row.id);
    });
    this.#row = row;
  }
}
