import { crc32 } from 'node:zlib';
import type { Cursor, IdForm } from '../../ldap/types.ts';
import { DamagedMirrorError } from './damage.ts';
import type { SectionFileIdentity } from './section-file.ts';

/** Where the mirror of a directory stands. */
export interface Head {
  /** Of the configuration that the mirror is good for. */
  readonly fingerprint: string;
  readonly streams: number;
  /** For each selection another one, never used before, whenever anything of it changes. */
  readonly versions: readonly string[];
  readonly base: BaseFile;
  /** The objects that changed since the base was written, in a file like it. */
  readonly recent: BaseFile | undefined;
  readonly cursor: Cursor | undefined;
  /** Whether changes since the cursor will show deletions. */
  readonly deletionsSeen: boolean;
  /** When the last full extraction started, in milliseconds of Unix time. */
  readonly fullAt: number;
  /** What the objects' ids are; undefined while no object is known. */
  readonly idForm: IdForm | undefined;
}

export interface BaseFile extends SectionFileIdentity {
  /** In the mirror's folder. */
  readonly name: string;
}

/** As it is stored. */
export interface HeadRow {
  fingerprint: string;
  streams: number;
  versions: string;
  base: string;
  base_bytes: number;
  base_checksum: number;
  cursor_kind: string | null;
  cursor_scope: string | null;
  cursor_value: Buffer | null;
  deletions_seen: number;
  full_at: number;
  id_form: string | null;
  recent: string | null;
  recent_bytes: number | null;
  recent_checksum: number | null;
  checksum: number;
}

/** @throws DamagedMirrorError */
export function checkHead(directory: string, row: HeadRow): void {
  if (row.checksum !== checksumOf(directory, row)) throw new DamagedMirrorError('its head is damaged');
}

export function headOf(row: HeadRow): Head {
  return {
    fingerprint: row.fingerprint,
    streams: row.streams,
    versions: row.versions.split(' '),
    base: { name: row.base, bytes: row.base_bytes, checksum: row.base_checksum },
    recent: recentOf(row),
    cursor: cursorOf(row),
    deletionsSeen: row.deletions_seen === 1,
    fullAt: row.full_at,
    idForm: idFormOf(row.id_form),
  };
}

/** The row of a head, in the order of its columns. */
export function rowOf(directory: string, head: Head): HeadRow {
  const { cursor, base, recent } = head;
  const row = {
    fingerprint: head.fingerprint,
    streams: head.streams,
    versions: head.versions.join(' '),
    base: base.name,
    base_bytes: base.bytes,
    base_checksum: base.checksum,
    cursor_kind: cursor?.kind ?? null,
    cursor_scope: cursor?.scope ?? null,
    cursor_value: cursor === undefined ? null : Buffer.from(cursor.value),
    deletions_seen: head.deletionsSeen ? 1 : 0,
    full_at: head.fullAt,
    id_form: head.idForm ?? null,
    recent: recent?.name ?? null,
    recent_bytes: recent?.bytes ?? null,
    recent_checksum: recent?.checksum ?? null,
  };
  return { ...row, checksum: checksumOf(directory, row) };
}

export function idFormOf(text: string | null): IdForm | undefined {
  return text === 'guid' || text === 'uuid' || text === 'digest' ? text : undefined;
}

function recentOf({
  recent: name,
  recent_bytes: bytes,
  recent_checksum: checksum,
}: HeadRow): BaseFile | undefined {
  return name === null || bytes === null || checksum === null ? undefined : { name, bytes, checksum };
}

function cursorOf(row: HeadRow): Cursor | undefined {
  const { cursor_kind: kind, cursor_scope: scope, cursor_value: value } = row;
  if (kind === null || scope === null || value === null) return undefined;
  if (kind !== 'dirsync' && kind !== 'syncrepl' && kind !== 'timestamp') return undefined;
  return { kind, scope, value };
}

function checksumOf(directory: string, row: Omit<HeadRow, 'checksum'>): number {
  const values = [
    row.fingerprint,
    row.streams,
    row.versions,
    row.base,
    row.base_bytes,
    row.base_checksum,
    row.cursor_kind,
    row.cursor_scope,
    row.cursor_value?.toString('base64') ?? null,
    row.deletions_seen,
    row.full_at,
    row.id_form,
    row.recent,
    row.recent_bytes,
    row.recent_checksum,
  ];
  return crc32(JSON.stringify([directory, ...values]));
}

/** Whether two mirrors stand at the same place, whatever files they are in. */
export function isSameHead(a: Head, b: Head): boolean {
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
