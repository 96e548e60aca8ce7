import { viewOf } from '../bytes.ts';
import { INTEGER_32, LEAF_HEADER, PAGE, PAGE_SIZE, POINTER_SIZE, SCHEMA_LEAF, TEXT } from './layout.ts';
import { NOT_TERMINATED, SCHEMA, TERMINATED } from './schema.ts';
import { writeVarint } from './varint.ts';

/** What distinguishes the first pages of files of ours. */
export interface FirstPage {
  readonly terminated: boolean;
  readonly pages: number;
  /** The root of each table of `SCHEMA`. */
  readonly roots: readonly number[];
}

/** Offsets in the file's head, which comes before the schema. */
const HEAD = {
  pageSize: 16,
  versions: 18,
  fractions: 21,
  changes: 24,
  pages: 28,
  schemaCookie: 40,
  schemaFormat: 44,
  encoding: 56,
  userVersion: 60,
  applicationId: 68,
  validFor: 92,
  library: 96,
} as const;
export const HEAD_SIZE = 100;
const MAGIC = new TextEncoder().encode('SQLite format 3\0');
/** "mhtb": tells a file of ours. */
export const APPLICATION_ID = 0x6d687462;
/** Where a file names the library that wrote it we put the oldest that can read it, 3.8.2. */
const OLDEST_LIBRARY = 3_008_002;
const UTF_8 = 1;
const SCHEMA_FORMAT = 4;

/** True when a file with these first bytes is for us to open, or to refuse with a reason. */
export function isSqlite(head: Uint8Array): boolean {
  return head.length >= MAGIC.length && MAGIC.every((byte, i) => head[i] === byte);
}

/** The first page: the file's head, and the schema as a table with a row for each table. */
export function makeFirstPage({ terminated, pages, roots }: FirstPage): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  const view = viewOf(page);
  page.set(MAGIC);
  view.setUint16(HEAD.pageSize, PAGE_SIZE);
  page.set([1, 1], HEAD.versions);
  page.set([64, 32, 32], HEAD.fractions);
  view.setUint32(HEAD.changes, 1);
  view.setUint32(HEAD.pages, pages);
  view.setUint32(HEAD.schemaCookie, 1);
  view.setUint32(HEAD.schemaFormat, SCHEMA_FORMAT);
  view.setUint32(HEAD.encoding, UTF_8);
  view.setUint32(HEAD.userVersion, terminated ? TERMINATED : NOT_TERMINATED);
  view.setUint32(HEAD.applicationId, APPLICATION_ID);
  view.setUint32(HEAD.validFor, 1);
  view.setUint32(HEAD.library, OLDEST_LIBRARY);

  page[HEAD_SIZE + PAGE.type] = SCHEMA_LEAF;
  view.setUint16(HEAD_SIZE + PAGE.cells, SCHEMA.length);
  let at = PAGE_SIZE;
  SCHEMA.forEach(({ name, sql }, i) => {
    const cell = schemaCell(i + 1, name, roots[i], sql);
    at -= cell.length;
    page.set(cell, at);
    view.setUint16(HEAD_SIZE + LEAF_HEADER + POINTER_SIZE * i, at);
  });
  view.setUint16(HEAD_SIZE + PAGE.content, at);
  return page;
}

/** What the first page of a file says, or undefined when it is not as we write it. */
export function readFirstPage(page: Uint8Array): FirstPage | undefined {
  if (page.length < PAGE_SIZE) return undefined;
  const view = viewOf(page);
  const roots = SCHEMA.map(({ sql }, i) => {
    const cell = view.getUint16(HEAD_SIZE + LEAF_HEADER + POINTER_SIZE * i);
    const root = cell + schemaCell(1, SCHEMA[i].name, 0, sql).length - sql.length - 4;
    return root + 4 <= PAGE_SIZE ? view.getUint32(root) : 0;
  });
  const terminated = view.getUint32(HEAD.userVersion) === TERMINATED;
  const first = { terminated, pages: view.getUint32(HEAD.pages), roots };
  return Buffer.compare(page, makeFirstPage(first)) === 0 ? first : undefined;
}

/** A row of sqlite_schema: type, name, the name again, root, SQL. The root takes four bytes whatever it is. */
function schemaCell(row: number, name: string, root: number, sql: string): Uint8Array {
  const texts = ['table', name, name].map((text) => Buffer.from(text));
  const end = Buffer.from(sql);
  const types: number[] = [];
  for (const text of texts) types.push(...varint(TEXT + 2 * text.length));
  types.push(INTEGER_32, ...varint(TEXT + 2 * end.length));
  const number = Buffer.alloc(4);
  number.writeUInt32BE(root);
  const record = Buffer.concat([Buffer.from([types.length + 1, ...types]), ...texts, number, end]);
  return Buffer.concat([Buffer.from([...varint(record.length), row]), record]);
}

function varint(value: number): number[] {
  const bytes = new Uint8Array(5);
  return [...bytes.subarray(0, writeVarint(bytes, 0, value))];
}
