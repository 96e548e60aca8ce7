import type { WriteOptions } from '../format.ts';
import { measure } from '../limits.ts';
import { createFile, type Output } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import { readBackOf } from '../read-back.ts';
import { withRoom } from '../with-room.ts';
import { arrange } from './arrange.ts';
import { makeFirstPage } from './first-page.ts';
import { IndexWriter } from './index-writer.ts';
import { PAGE_SIZE } from './layout.ts';
import { limits } from './limits.ts';
import { openSqlite } from './open.ts';
import { columnTypes } from './schema.ts';

/** `Format.write` for SQLite: one file for every Exim whose `dbm` is SQLite, and for `sqlite` lookups. */
export async function writeSqlite(path: string, pairs: Pairs, options: WriteOptions = {}): Promise<void> {
  const terminated = options.terminated ?? true;
  measure(path, pairs, terminated, limits);
  const { entries, texts } = withRoom(path, () => arrange(path, pairs, terminated));
  await createFile(
    path,
    (output) => fill(output, [entries, texts, entries], terminated),
    readBackOf((as) => openSqlite(path, as), pairs, { ...options, terminated }),
  );
}

/** The first page comes last: a file that was left half-written is none. */
async function fill(output: Output, tables: readonly Pairs[], terminated: boolean): Promise<void> {
  const stream = output.stream(PAGE_SIZE);
  const types = columnTypes(terminated);
  const roots: number[] = [];
  let nextPage = 2;
  for (const [i, table] of tables.entries()) {
    const index = new IndexWriter(table, types[i], output, stream, nextPage);
    roots.push(await index.write(table.count));
    nextPage = index.nextPage;
  }
  stream.end();
  await output.settle();
  const first = output.stream(0);
  first.put(makeFirstPage({ terminated, pages: nextPage - 1, roots }));
  first.end();
}
