import { afterEach, expect, test, vi } from 'vitest';
import { directoryFed, fileFed, Hub, keptByHand, numbered } from './hub.ts';

/** A disk, or a program, that does not write what it was given. */
const faulty = vi.hoisted(() => ({
  page: (_page: Uint8Array): void => {},
  disk: (_bytes: Uint8Array): void => {},
  dat: (block: Uint8Array): Uint8Array => block,
}));

vi.mock('../../src/dbm/bdb/loops.ts', async (importOriginal) => {
  const { loopsIn } = await importOriginal<typeof import('../../src/dbm/bdb/loops.ts')>();
  const faultyLoops: typeof loopsIn = (memory) => {
    const loops = loopsIn(memory);
    const writeBuckets: typeof loops.writeBuckets = (...given) => {
      const count = loops.writeBuckets(...given);
      const [, , , , pageSize, , , out] = given;
      for (let i = 0; i < count; i++) faulty.page(memory.bytes(out + i * pageSize, pageSize));
      return count;
    };
    return { ...loops, writeBuckets };
  };
  return { loopsIn: faultyLoops };
});

const patched = vi.hoisted(() => vi.fn());
vi.mock('../../src/tables/dat/patch.ts', async (importOriginal) => {
  const { patchText } = await importOriginal<typeof import('../../src/tables/dat/patch.ts')>();
  const observed: typeof patchText = (...given) => {
    const text = patchText(...given);
    if (text !== undefined) patched();
    return text;
  };
  return { patchText: observed };
});

vi.mock('node:fs', async (importOriginal) => {
  const { faultyDisk } = await import('../dbm/faulty-disk.ts');
  const real = faultyDisk(await importOriginal(), (bytes) => faulty.disk(bytes));
  const texts = new Set<number>();
  const openSync = (path: string, flags: string, mode?: number): number => {
    const descriptor = real.openSync(path, flags, mode);
    texts.delete(descriptor);
    if (flags === 'wx' && path.includes('.dat')) texts.add(descriptor);
    return descriptor;
  };
  const writeSync = (file: number, bytes: Uint8Array, from: number, length: number, position: number) => {
    const given = bytes.subarray(from, from + length);
    real.writeSync(file, texts.has(file) ? faulty.dat(given) : given, 0, undefined, position);
    return length;
  };
  return { ...real, openSync, writeSync };
});

afterEach(() => {
  faulty.page = () => {};
  faulty.disk = () => {};
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

const ITEMS = 20;
const FIRST_INDEX = 26;
const HEADER = 12;

/** Changes a byte of an item in a page, which has any. */
function change(page: Uint8Array, item: number): void {
  const view = new DataView(page.buffer, page.byteOffset, page.length);
  if (view.getUint16(ITEMS, true) === 0) return;
  const at = view.getUint16(FIRST_INDEX + 2 * item, true);
  page[at + 1] ^= 1;
}

async function findsOut(fault: Partial<typeof faulty>): Promise<void> {
  const hub = await published();
  Object.assign(faulty, fault);
  const { '.': _, ...files } = hub.stamps();
  const { tables } = await hub.build();
  for (const { name, outcome, failure } of tables) {
    expect(outcome).toBe('failed');
    expect(failure?.cause).toBe('machine');
    expect(failure?.message).toContain(`${name}.new: `);
  }
  const { '.': __, ...now } = hub.stamps();
  expect(now).toEqual(files);

  faulty.page = () => {};
  faulty.disk = () => {};
  await hub.build();
  for (const name of ['lists', 'domains']) expect(hub.exim(name)).toEqual(after);
}

test.each<[string, (page: Uint8Array) => void]>([
  [
    'lacks an entry',
    (page) => {
      page[ITEMS] = Math.max(0, page[ITEMS] - 2);
    },
  ],
  ['has another key', (page) => change(page, 0)],
  ['has another value', (page) => change(page, 1)],
  [
    'has another number',
    (page) => {
      page[8] ^= 1;
    },
  ],
])('a dbm file of which a page %s is found out before it is published', async (_, fault) => {
  await findsOut({ page: fault });
});

test.each<[string, number]>([
  ['the meta page', HEADER],
  ['a bucket', 4096 + FIRST_INDEX],
])('so is one of which the disk has another byte in %s', async (_, offset) => {
  await findsOut({
    disk: (bytes) => {
      bytes[offset % bytes.length] ^= 1;
    },
  });
});

test('so is a .dat that is made from the one before', async () => {
  const hub = new Hub();
  hub.configure(directoryFed('exch_table', 'max_removed = "5%"'));
  const { changes } = await hub.serve(numbered(0, 200));
  await hub.build();
  const before = hub.stamps();
  changes.modify('CN=7,DC=ad,DC=example,DC=ac,DC=uk', [
    { kind: 'replace', attribute: 'targetAddress', values: [Buffer.from('SMTP:another.one@x')] },
  ]);
  faulty.dat = (block) => block.map((byte, i) => (i === 100 ? byte ^ 1 : byte));
  const { outcome, failure } = await hub.buildTable('exch_table');
  expect(patched).toHaveBeenCalled();
  expect(outcome).toBe('failed');
  expect(failure?.message).toMatch(/exch_table\.dat.*: reading it back gave other bytes/);
  expect(hub.stamps()).toMatchObject({
    exch_table: before.exch_table,
    'exch_table.dat': before['exch_table.dat'],
  });
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
