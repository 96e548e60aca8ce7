import type { Objects, Stream } from '../../state/mirror/columns.ts';
import { decodeContributions } from '../../state/mirror/contributions.ts';
import { sharedColumn } from '../columns/shared-memory.ts';
import { IdTable } from './id-table.ts';
import type { Claim, Known, Layer } from './layer.ts';
import { claimsIn, StreamBuilder, sortStream } from './stream.ts';

/** An object that changed, and all that it gives now. */
export interface ChangedObject extends Known {
  readonly id: Uint8Array;
}

/** Objects that a run learnt of, in memory. */
export class ChangedLayer implements Layer {
  readonly objects: Objects;
  readonly #changed: readonly ChangedObject[];
  readonly #table: IdTable;
  readonly #streams: readonly Stream[];

  /** @param changed each object once; one that gives nothing any more has no contributions */
  constructor(changed: readonly ChangedObject[], streamCount: number) {
    this.#changed = changed;
    this.#table = new IdTable(changed.length);
    const bytes = changed.reduce((sum, { contributions }) => sum + contributions.length, 0);
    const builders = Array.from({ length: streamCount }, () => new StreamBuilder(changed.length * 4, bytes));
    const dnStart = sharedColumn(changed.length);
    const dnEnd = sharedColumn(changed.length);
    let dnBytes = 0;
    for (const { id, dn, contributions } of changed) {
      const object = this.#table.add(id);
      dnStart[object] = dnBytes;
      dnBytes += dn.length;
      dnEnd[object] = dnBytes;
      decodeContributions(contributions, (stream, keyStart, keyEnd, valueStart, valueEnd) => {
        builders[stream].add(object, contributions, keyStart, keyEnd, valueStart, valueEnd);
      });
    }
    const dns = Buffer.concat(
      changed.map(({ dn }) => dn),
      dnBytes,
    );
    const { count, ids } = this.#table;
    this.objects = { count, ids, dns, dnStart, dnEnd };
    this.#streams = builders.map((builder) => sortStream(builder.finish(), ids));
  }

  get count(): number {
    return this.#changed.length;
  }

  get ids(): Uint8Array {
    return this.objects.ids;
  }

  find(id: Uint8Array): number {
    return this.#table.find(id);
  }

  id(object: number): Uint8Array {
    return this.#changed[object].id;
  }

  dn(object: number): Uint8Array {
    return this.#changed[object].dn;
  }

  claims(number: number, key: Uint8Array): readonly Claim[] {
    return claimsIn(this.#streams[number], key);
  }

  known(object: number): Known {
    return this.#changed[object];
  }

  stream(number: number): Stream {
    return this.#streams[number];
  }
}
