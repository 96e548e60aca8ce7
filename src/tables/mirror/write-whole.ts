import { writeBase } from '../../state/mirror/base.ts';
import type { BlockSums } from '../../state/mirror/block-sums.ts';
import type { Objects, Stream } from '../../state/mirror/columns.ts';
import type { SectionFileIdentity } from '../../state/mirror/section-file.ts';
import { byObject } from './by-object.ts';

/** All that a directory's objects give, in the order of a mirror. */
export interface Everything {
  readonly objects: Objects;
  readonly streams: readonly Stream[];
  /** Of their texts, as far as they were summed before. */
  readonly sums?: TextSums;
}

/** Checksums of the first blocks of texts. */
export interface TextSums {
  readonly dns: BlockSums;
  /** Of each stream's pool. */
  readonly pools: readonly BlockSums[];
}

/**
 * Writes it to a new file. It begins at its caller's next turn.
 *
 * @throws the operating system's error, MemoryFullError
 */
export async function writeWhole(
  path: string,
  { objects, streams, sums }: Everything,
): Promise<SectionFileIdentity> {
  // Whoever has work to give to other threads comes first.
  await new Promise((resolve) => setImmediate(resolve));
  return writeBase(
    path,
    { ...objects, dnSums: sums?.dns },
    streams.map((stream, number) => ({
      ...stream,
      byObject: byObject(stream, objects.count),
      poolSums: sums?.pools[number],
    })),
  );
}
