import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { DbmError } from '../../src/dbm/index.ts';
import { createFile } from '../../src/dbm/output.ts';
import { scratchDirectory } from './support.ts';

/** What comes of forcing a file to the disk, each time in turn, and how often it was. */
const forced = vi.hoisted(() => ({ faults: [] as (NodeJS.ErrnoException | undefined)[], times: 0 }));

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs')>();
  const fsync = (file: number, done: (error: NodeJS.ErrnoException | null) => void) => {
    const fault = forced.faults[forced.times++];
    if (fault === undefined) real.fsync(file, done);
    else setImmediate(() => done(fault));
  };
  return { ...real, fsync };
});

afterEach(() => {
  forced.faults = [];
  forced.times = 0;
  rmSync(path, { force: true });
});

const path = join(scratchDirectory(), 'file');

async function write(check: () => void): Promise<void> {
  await createFile(
    path,
    async (output) => {
      const stream = output.stream(0);
      stream.put(Buffer.from('content'));
      stream.end();
    },
    check,
  );
}

async function writeLarge(): Promise<void> {
  await createFile(path, async (output) => {
    const stream = output.stream(0);
    for (let i = 0; i < 64; i++) {
      stream.put(new Uint8Array(1 << 19).fill(i));
      if (output.full) await output.room();
    }
    stream.end();
  });
}

describe('a file in the making', () => {
  test('is gone when its check finds a fault', async () => {
    const fault = new DbmError(path, 'another value');
    await expect(
      write(() => {
        throw fault;
      }),
    ).rejects.toBe(fault);
    expect(existsSync(path)).toBe(false);
  });

  test('is whole when it is checked', async () => {
    let seen = '';
    await write(() => {
      seen = readFileSync(path, 'utf8');
    });
    expect(seen).toBe('content');
  });

  test('is forced to the disk while the rest of it is made', async () => {
    await writeLarge();
    expect(forced.times).toBeGreaterThan(1);
    const kept = readFileSync(path);
    expect(kept.length).toBe(1 << 25);
    expect(kept.findIndex((byte, i) => byte !== i >> 19)).toBe(-1);
  });

  test.each([0, 1])('is gone when forcing it fails once, after %i times that did not', async (before) => {
    forced.faults[before] = new Error('i/o error');
    await expect(writeLarge()).rejects.toThrow(`${path}: cannot write it: i/o error`);
    expect(existsSync(path)).toBe(false);
  });
});
