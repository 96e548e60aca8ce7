import type { DirectoryConfig, DirectorySourceConfig } from '../../config/config.ts';
import { extract } from '../../ldap/extract.ts';
import type {
  Rejection as DirectoryRejection,
  DirectoryReport,
  ExtractOptions,
  RecipientSink,
} from '../../ldap/types.ts';
import { EntriesBuilder } from '../entries.ts';
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
): Promise<Extraction> {
  const collector = new Collector(sources.length);
  // Everything, every time: nothing is kept here that a change could be applied to.
  const { report } = await extract({ ...directory, delta: 'none' }, sources, collector, options);
  return { entries: collector.finish(), report };
}

class Collector implements RecipientSink {
  readonly #builders: EntriesBuilder[];
  readonly #rejections: Tally<Rejection>[];

  constructor(sources: number) {
    this.#builders = Array.from({ length: sources }, () => new EntriesBuilder());
    this.#rejections = Array.from({ length: sources }, () => new Tally<Rejection>());
  }

  begin(): void {
    for (const selection of this.#builders.keys()) this.restart(selection);
  }

  changed(): void {}

  object(): void {}

  restart(selection: number): void {
    this.#builders[selection] = new EntriesBuilder();
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

  finish(): SourceEntries[] {
    return this.#builders.map((builder, i) => ({ pairs: builder.finish(), rejections: this.#rejections[i] }));
  }
}
