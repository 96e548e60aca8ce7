import type { DirectoryConfig, DirectorySourceConfig } from '../../config/config.ts';
import { extract } from '../../ldap/extract.ts';
import type {
  Rejection as DirectoryRejection,
  DirectoryReport,
  ExtractOptions,
  RecipientSink,
} from '../../ldap/types.ts';
import { EntriesBuilder } from '../entries.ts';
import type { RunSorting } from '../runs.ts';
import { Tally } from '../tally.ts';
import type { Rejection, SourceEntries } from './file.ts';

export interface Extraction {
  /** In the order of the sources asked for. */
  readonly entries: readonly SourceEntries[];
  readonly report: DirectoryReport;
}

/** Reads a directory once for all of its table sources. @throws DirectoryError */
export async function readDirectory(
  directory: DirectoryConfig,
  sources: readonly DirectorySourceConfig[],
  options: Pick<ExtractOptions, 'progress' | 'askPasswordExpiry'>,
  sorting: RunSorting | undefined,
): Promise<Extraction> {
  const collector = new Collector(sources.length, sorting);
  // Everything, every time: nothing is kept here that a change could be applied to.
  const { report } = await extract({ ...directory, delta: 'none' }, sources, collector, options);
  return { entries: await collector.finish(), report };
}

class Collector implements RecipientSink {
  readonly #builders: EntriesBuilder[];
  readonly #rejections: Tally<Rejection>[];
  readonly #sorting: RunSorting | undefined;

  constructor(sources: number, sorting: RunSorting | undefined) {
    this.#sorting = sorting;
    this.#builders = Array.from({ length: sources }, () => this.#builder());
    this.#rejections = Array.from({ length: sources }, () => new Tally<Rejection>());
  }

  begin(): void {
    for (const selection of this.#builders.keys()) this.restart(selection);
  }

  changed(): void {}

  object(): void {}

  restart(selection: number): void {
    this.#builders[selection] = this.#builder();
    this.#rejections[selection] = new Tally<Rejection>();
  }

  entry(
    selection: number,
    bytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    this.#builders[selection].add(bytes, keyStart, keyEnd, bytes, valueStart, valueEnd);
  }

  rejected(selection: number, { dn, value, reason }: DirectoryRejection): void {
    this.#rejections[selection].add(() => ({ place: dn, value, reason }));
  }

  finish(): Promise<SourceEntries[]> {
    const rejections = this.#rejections;
    return Promise.all(
      this.#builders.map(async (builder, i) => ({
        pairs: builder.finish(),
        runs: await builder.runs(),
        rejections: rejections[i],
      })),
    );
  }

  #builder(): EntriesBuilder {
    return new EntriesBuilder(undefined, undefined, this.#sorting);
  }
}
