import { crc32 } from 'node:zlib';
import type { IdForm } from '../../ldap/types.ts';

export type DepartureKind = 'deleted' | 'changed' | 'unknown';

/** A key that an object gave to a table and gives no more. */
export interface DepartureRecord {
  readonly table: string;
  readonly key: Uint8Array;
  readonly id: Uint8Array;
  readonly dn: Uint8Array;
  readonly what: DepartureKind;
}

/** The departure, and when it was seen in which directory. */
export interface SeenDeparture extends DepartureRecord {
  readonly idForm: IdForm | undefined;
  readonly directory: string;
  readonly seenAt: number;
}

export function isDepartureKind(text: string): text is DepartureKind {
  return text === 'deleted' || text === 'changed' || text === 'unknown';
}

/** What merging certain inputs into a table gave. */
export interface MergeRecord {
  readonly inputs: string;
  /** SHA-256 of the canonical text. */
  readonly digest: string;
  /** JSON. */
  readonly conflicts: string;
  readonly rejections: string;
}

/** As the merge's row has it. */
export function checksumOfMerge({ inputs, digest, conflicts, rejections }: MergeRecord): number {
  return crc32(JSON.stringify([inputs, digest, conflicts, rejections]));
}
