import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { DbmError, formats } from '../../src/dbm/index.ts';
import { readsWhole } from './every-format/reads-whole.ts';
import { aliases, pairsOf, runs, scratchDirectory } from './support.ts';

/** A program that makes records, or what leads to them, as they should not be; a disk that keeps something else. */
const faulty = vi.hoisted(() => ({
  hashes: (_made: Uint8Array): void => {},
  records: (_made: Uint8Array): void => {},
  index: (_made: Uint8Array): void => {},
  disk: (_bytes: Uint8Array): void => {},
}));

vi.mock('../../src/dbm/cdb/loops.ts', async (importOriginal) => {
  const { loopsIn } = await importOriginal<typeof import('../../src/dbm/cdb/loops.ts')>();
  const faultyLoops: typeof loopsIn = (memory) => {
    const loops = loopsIn(memory);
    const hashKeys: typeof loops.hashKeys = (from, to, nul, hashes) => {
      loops.hashKeys(from, to, nul, hashes);
      faulty.hashes(memory.bytes(hashes + 4 * from, 4 * (to - from)));
    };
    const writeRecords: typeof loops.writeRecords = (...given) => {
      const count = loops.writeRecords(...given);
      faulty.records(memory.bytes(given[3], loops.bytesWritten()));
      return count;
    };
    const writeTable: typeof loops.writeTable = (slots, records, out) => {
      loops.writeTable(slots, records, out);
      faulty.index(memory.bytes(out, 16 * records));
    };
    return { ...loops, hashKeys, writeRecords, writeTable };
  };
  return { loopsIn: faultyLoops };
});

vi.mock('../../src/dbm/tdb/loops.ts', async (importOriginal) => {
  const { loopsIn } = await importOriginal<typeof import('../../src/dbm/tdb/loops.ts')>();
  const faultyLoops: typeof loopsIn = (memory) => {
    const loops = loopsIn(memory);
    let heads: Uint8Array = new Uint8Array(0);
    const setHeads: typeof loops.setHeads = (address, count) => {
      loops.setHeads(address, count);
      heads = memory.bytes(address, 4 * count);
    };
    const hashKeys: typeof loops.hashKeys = (from, to, nul, hashes) => {
      loops.hashKeys(from, to, nul, hashes);
      faulty.hashes(memory.bytes(hashes + 4 * from, 4 * (to - from)));
    };
    const writeRecords: typeof loops.writeRecords = (...given) => {
      const count = loops.writeRecords(...given);
      faulty.records(memory.bytes(given[4], loops.bytesWritten()));
      faulty.index(heads);
      return count;
    };
    return { ...loops, hashKeys, setHeads, writeRecords };
  };
  return { loopsIn: faultyLoops };
});

vi.mock('../../src/dbm/gdbm/loops.ts', async (importOriginal) => {
  const { loopsIn } = await importOriginal<typeof import('../../src/dbm/gdbm/loops.ts')>();
  const faultyLoops: typeof loopsIn = (memory) => {
    const loops = loopsIn(memory);
    const hashKeys: typeof loops.hashKeys = (from, to, nul, hashes) => {
      loops.hashKeys(from, to, nul, hashes);
      faulty.hashes(memory.bytes(hashes + 4 * from, 4 * (to - from)));
    };
    const writeEntries: typeof loops.writeEntries = (...given) => {
      const count = loops.writeEntries(...given);
      faulty.records(memory.bytes(given[3], loops.bytesWritten()));
      faulty.index(memory.bytes(given[6] + 112, 24 * given[7]));
      return count;
    };
    return { ...loops, hashKeys, writeEntries };
  };
  return { loopsIn: faultyLoops };
});

vi.mock('../../src/dbm/lmdb/loops.ts', async (importOriginal) => {
  const { loopsIn } = await importOriginal<typeof import('../../src/dbm/lmdb/loops.ts')>();
  const faultyLoops: typeof loopsIn = (memory) => {
    const loops = loopsIn(memory);
    const writeLeaves: typeof loops.writeLeaves = (...given) => {
      const pages = loops.writeLeaves(...given);
      faulty.records(memory.bytes(given[4], 4096 * pages));
      return pages;
    };
    return { ...loops, writeLeaves };
  };
  return { loopsIn: faultyLoops };
});

vi.mock('node:fs', async (importOriginal) => {
  const { faultyDisk } = await import('./faulty-disk.ts');
  return faultyDisk(await importOriginal(), (bytes) => faulty.disk(bytes));
});

afterEach(() => {
  faulty.hashes = () => {};
  faulty.records = () => {};
  faulty.index = () => {};
  faulty.disk = () => {};
});

const path = join(scratchDirectory(), 'table');
const entries = aliases(300);

/** What writing and reading back says; the file is gone then. Undefined when nothing was found; then every lookup has its value. */
async function fault(format: 'cdb' | 'tdb' | 'gdbm' | 'lmdb'): Promise<string | undefined> {
  try {
    await formats[format].write(path, pairsOf(entries), { readBack: true });
  } catch (error) {
    expect(error).toBeInstanceOf(DbmError);
    expect(existsSync(path)).toBe(false);
    return error instanceof Error ? error.message : '';
  }
  readsWhole(path, format, entries, format === 'tdb' || format === 'gdbm');
  rmSync(path);
  return undefined;
}

test.each(['cdb', 'tdb', 'gdbm', 'lmdb'] as const)(
  'a %s file is read back as it is on the disk',
  async (format) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(7), async (place, bit) => {
        faulty.disk = (bytes) => {
          bytes[place % bytes.length] ^= 1 << bit;
        };
        expect(await fault(format)).toMatch(/reading it back gave other bytes than were written/);
      }),
      runs(20),
    );
  },
);

test.each(['cdb', 'tdb', 'gdbm'] as const)('in a %s file, a wrong hash is found out', async (format) => {
  await fc.assert(
    fc.asyncProperty(fc.nat(entries.length - 1), fc.nat(7), async (entry, bit) => {
      faulty.hashes = (made) => {
        made[4 * entry] ^= 1 << bit;
      };
      expect(await fault(format)).toMatch(/was not made as it should be/);
    }),
    runs(50),
  );
});

test.each([
  ['cdb', 'records'],
  ['cdb', 'index'],
  ['tdb', 'records'],
  ['tdb', 'index'],
  ['gdbm', 'records'],
  ['gdbm', 'index'],
  ['lmdb', 'records'],
] as const)('in a %s file, %s that are not as they should be are found out', async (format, part) => {
  let found = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(7), async (place, bit) => {
      let done = false;
      faulty[part] = (made) => {
        if (done || made.length === 0) return;
        done = true;
        made[place % made.length] ^= 1 << bit;
      };
      const said = await fault(format);
      if (said === undefined) return;
      found++;
      expect(said).toMatch(/was not made as it should be/);
    }),
    runs(100),
  );
  expect(found).toBeGreaterThan(50);
});
