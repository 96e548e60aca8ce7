// A directory's mirror as a flat file, as rows of SQLite and as items of lmdb-js: `npx tsx bench/mirror/main.ts [OBJECTS] [RUNS]`.
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Base } from '../../src/state/mirror/base.ts';
import type { Objects, Stream } from '../../src/state/mirror/columns.ts';
import { encodeEntries } from '../../src/state/mirror/contributions.ts';
import { Gatherer } from '../../src/tables/mirror/gatherer.ts';
import { sortStream } from '../../src/tables/mirror/stream.ts';
import { writeWhole } from '../../src/tables/mirror/write-whole.ts';
import { Finder } from '../../test/tables/mirror/finder.ts';
import { median } from '../measure.ts';
import { quick, report } from '../result.ts';

const objects = Number(process.argv[2] ?? (quick ? 20_000 : 200_000));
const runs = Number(process.argv[3] ?? (quick ? 1 : 3));
const ADDRESSES = 5;

const work = mkdtempSync(join(tmpdir(), 'bench-mirror-'));
try {
  const gathered = gather();
  const stream = sortStream(gathered.streams[0], gathered.objects.ids);
  const rows = rowsOf(gathered.objects, stream);

  const results = new Map<string, { write: number[]; read: number[]; bytes: number }>();
  const lmdb = await loadLmdb();
  for (let run = 0; run < runs; run++) {
    await measure('flat file', async (path) => {
      let identity = { bytes: 0, checksum: 0 };
      const write = await clock(async () => {
        identity = await writeWhole(path, { objects: gathered.objects, streams: [stream] });
      });
      const read = await clock(async () => {
        const base = new Base(path, identity, 1);
        const { count } = base.stream(0);
        if (count !== stream.count || base.objects.count !== objects) throw new Error('not all is there');
        base.close();
      });
      return { write, read };
    });
    await measure('a row an object in SQLite', async (path) => {
      const write = await clock(async () => {
        const database = new Database(path);
        database.exec('CREATE TABLE objects (id BLOB PRIMARY KEY, contributions BLOB) WITHOUT ROWID');
        const put = database.prepare('INSERT INTO objects VALUES (?, ?)');
        database.transaction(() => {
          for (const { id, contributions } of rows) put.run(id, contributions);
        })();
        database.close();
      });
      const read = await clock(async () => {
        const database = new Database(path, { readonly: true });
        const all = database.prepare<[], { contributions: Buffer }>('SELECT * FROM objects').all();
        if (all.length !== objects) throw new Error('not all is there');
        database.close();
      });
      return { write, read };
    });
    if (lmdb === undefined) continue;
    await measure('an item an object in lmdb-js', async (path) => {
      const write = await clock(async () => {
        const database = lmdb.open({ path, noSubdir: true, encoding: 'binary', keyEncoding: 'binary' });
        database.transactionSync(() => {
          for (const { id, contributions } of rows) database.putSync(id, contributions);
        });
        await database.flushed;
        await database.close();
        sync(path);
      });
      const read = await clock(async () => {
        const database = lmdb.open({ path, noSubdir: true, encoding: 'binary', keyEncoding: 'binary' });
        let count = 0;
        for (const { value } of database.getRange()) if (value.length > 0) count++;
        if (count !== objects) throw new Error('not all is there');
        await database.close();
      });
      return { write, read };
    });
  }

  report({
    name: 'mirror',
    title: `The mirror of ${objects} objects with ${ADDRESSES} addresses each, written whole with fsync and read whole`,
    command: 'npx tsx bench/mirror/main.ts',
    columns: ['kept as', 'write, s', 'read, s', 'MB'],
    rows: [...results].map(([name, { write, read, bytes }]) => [
      name,
      median(write),
      median(read),
      bytes / 1e6,
    ]),
    notes: [
      `Medians of ${runs} runs. The flat file has columns in the order of keys and is read with its checksums: a table is merged from it without sorting.`,
      'Rows and items are only fetched: their entries would still have to be decoded and sorted.',
    ],
  });

  async function measure(
    name: string,
    body: (path: string) => Promise<{ write: number; read: number }>,
  ): Promise<void> {
    const path = join(work, 'file');
    const { write, read } = await body(path);
    const known = results.get(name) ?? { write: [], read: [], bytes: statSync(path).size };
    known.write.push(write);
    known.read.push(read);
    results.set(name, known);
    for (const suffix of ['', '-lock', '-wal', '-shm'])
      rmSync(path + suffix, { force: true, recursive: true });
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function clock(body: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await body();
  return (performance.now() - started) / 1000;
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
}

/** Objects with random ids, as a server would name them. */
function gather() {
  const gatherer = new Gatherer(1);
  const finder = new Finder(gatherer);
  finder.begin('full');
  for (let i = 0; i < objects; i++) {
    const id = Buffer.alloc(16);
    for (let at = 0; at < 16; at += 4) id.writeUInt32LE(Math.imul(i + 1, 2654435761 + at * 40503) >>> 0, at);
    const local = `${(Math.imul(i, 2654435761) >>> 0).toString(36)}.person${i}`;
    finder.object(id, `CN=${local},OU=Recipients,DC=ad,DC=example,DC=ac,DC=uk`);
    const primary = `${local}@example.ac.uk`;
    for (let n = 0; n < ADDRESSES; n++) finder.entry(0, `${local}@${'abcde'[n]}.example.ac.uk`, primary);
  }
  return gatherer.finish();
}

/** What a store of objects would have to keep of each. */
function rowsOf(all: Objects, stream: Stream): { id: Buffer; contributions: Buffer }[] {
  const entries: number[][] = Array.from({ length: all.count }, () => []);
  for (let i = 0; i < stream.count; i++) entries[stream.object[i]].push(i);
  return entries.map((chosen, object) => ({
    id: Buffer.from(all.ids.subarray(object * 16, (object + 1) * 16)),
    contributions: Buffer.concat([
      all.dns.subarray(all.dnStart[object], all.dnEnd[object]),
      encodeEntries(stream, 0, chosen),
    ]),
  }));
}

interface Lmdb {
  open(options: { path: string; noSubdir: true; encoding: 'binary'; keyEncoding: 'binary' }): {
    transactionSync(work: () => void): void;
    putSync(key: Uint8Array, value: Uint8Array): void;
    readonly flushed: Promise<unknown>;
    getRange(): Iterable<{ value: Uint8Array }>;
    close(): Promise<void>;
  };
}

/** Not among the dependencies, since the flat file did better: measured where somebody installs it. */
async function loadLmdb(): Promise<Lmdb | undefined> {
  const name = 'lmdb';
  try {
    const { open }: Lmdb = await import(name);
    return { open };
  } catch {
    console.log('(lmdb-js is left out; `npm install --no-save lmdb` brings it in)');
    return undefined;
  }
}
