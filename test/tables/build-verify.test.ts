import { afterEach, expect, test, vi } from 'vitest';
import type { Pairs } from '../../src/dbm/pairs.ts';
import { fileFed, Hub, keptByHand, numbered } from './hub.ts';

/** A disk, or a program, that does not write what it was given. */
const faulty = vi.hoisted(() => ({
  dbm: (pairs: Pairs): Pairs => pairs,
  dat: (block: Uint8Array): Uint8Array => block,
  /** The tables that were to be written, by those that were. */
  asked: new WeakMap<Pairs, Pairs>(),
}));

vi.mock('../../src/dbm/bdb/write.ts', async (importOriginal) => {
  const { writeBdb } = await importOriginal<typeof import('../../src/dbm/bdb/write.ts')>();
  const write: typeof writeBdb = (path, pairs, options) => {
    const written = faulty.dbm(pairs);
    faulty.asked.set(written, pairs);
    return writeBdb(path, written, options);
  };
  return { writeBdb: write };
});

vi.mock('../../src/dbm/read-back.ts', async (importOriginal) => {
  const { readBackOf } = await importOriginal<typeof import('../../src/dbm/read-back.ts')>();
  const check: typeof readBackOf = (open, written, options) =>
    readBackOf(open, faulty.asked.get(written) ?? written, options);
  return { readBackOf: check };
});

vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs/promises')>();
  return {
    ...real,
    open: async (path: string, flags: string, mode?: number) => {
      const handle = await real.open(path, flags, mode);
      if (!path.includes('.dat')) return handle;
      const writeFile = handle.writeFile.bind(handle);
      handle.writeFile = (block: unknown) =>
        writeFile(block instanceof Uint8Array ? faulty.dat(block) : String(block));
      return handle;
    },
  };
});

afterEach(() => {
  faulty.dbm = (pairs) => pairs;
  faulty.dat = (block) => block;
});

const before = numbered(0, 10);
const after = numbered(0, 12);

async function published(): Promise<Hub> {
  const hub = new Hub();
  hub.configure(fileFed('lists') + keptByHand('domains'));
  hub.put('in/lists.dat', before);
  hub.put('etc/domains.dat', before);
  await hub.build();
  hub.put('in/lists.dat', after);
  hub.put('etc/domains.dat', after);
  return hub;
}

/** Another pool of bytes with one byte changed: a `1` of the last entry, in its key or its value. */
function oneByte(pairs: Pairs, column: 'keyStart' | 'valueStart'): Pairs {
  const pool = Uint8Array.from(pairs.pool);
  const at = pool.indexOf(0x31, pairs[column][pairs.count - 1]);
  pool[at] = 0x32;
  return { ...pairs, pool };
}

test.each<[string, (pairs: Pairs) => Pairs]>([
  ['lacks an entry', (pairs) => ({ ...pairs, count: pairs.count - 1 })],
  ['has another key', (pairs) => oneByte(pairs, 'keyStart')],
  ['has another value', (pairs) => oneByte(pairs, 'valueStart')],
])('a dbm file that %s is found out before it is published', async (_, fault) => {
  const hub = await published();
  faulty.dbm = fault;
  const { '.': __, ...files } = hub.stamps();
  const { tables } = await hub.build();
  for (const { name, outcome, failure } of tables) {
    expect(outcome).toBe('failed');
    expect(failure?.cause).toBe('machine');
    expect(failure?.message).toContain(`${name}.new: `);
  }
  const { '.': ___, ...now } = hub.stamps();
  expect(now).toEqual(files);

  faulty.dbm = (pairs) => pairs;
  await hub.build();
  for (const name of ['lists', 'domains']) expect(hub.exim(name)).toEqual(after);
});

test.each<[string, (block: Uint8Array) => Uint8Array]>([
  ['is cut short', (block) => block.subarray(0, -1)],
  ['has another byte', (block) => block.map((byte, i) => (i === 100 ? byte ^ 1 : byte))],
])('so is a .dat that %s', async (_, fault) => {
  const hub = await published();
  faulty.dat = fault;
  const { lists, 'lists.dat': dat } = hub.stamps();
  const report = await hub.buildTable('lists');
  expect(report.outcome).toBe('failed');
  expect(report.failure?.message).toContain('lists.dat');
  expect(hub.stamps()).toMatchObject({ lists, 'lists.dat': dat });
  expect(hub.files().filter((name) => name.startsWith('.'))).toEqual([]);
});
