import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DbmError, type Format, type Pairs } from '../../../src/dbm/index.ts';
import { aliases, type Entry, pairsOf, run } from '../support.ts';
import type { TestedFormat } from './tested-format.ts';
import type { Writer } from './write.ts';

/** A longer key than this is not worth a file of its own. */
const LONG_KEY = 100_000;

/** Tests that what can't be written is refused by name, and that nothing of it stays. */
export function testRefusals({ format, terminated }: TestedFormat, directory: string, written: Writer): void {
  const { limits } = format;

  async function refuses(pairs: Pairs, message: RegExp): Promise<void> {
    const path = join(directory, 'refused');
    const writing = format.write(path, pairs);
    await expect(writing).rejects.toThrow(message);
    await expect(writing).rejects.toThrow(DbmError);
    expect(existsSync(path)).toBe(false);
  }

  describe('a write that fails leaves nothing behind', () => {
    test('a repeated key', async () => {
      const pairs = pairsOf([...aliases(500), ['anna.ng.35@example.ac.uk', 'another']]);
      await refuses(pairs, /refused: .*"anna\.ng\.35@example\.ac\.uk" is there twice/);
    });

    if (limits.key < LONG_KEY) {
      test('a key over the limit, while those up to it are found', async () => {
        const longest = limits.key - (terminated ? 1 : 0);
        const key = (length: number): Entry => ['k'.repeat(length), `${length}`];
        await written([longest, longest - 1, longest - 2, 400].map(key));
        const message = `refused: entry "kkk.*${longest + 1} bytes of key \\(limit ${limits.key}`;
        await refuses(pairsOf([...aliases(5), key(longest + 1)]), new RegExp(message));
      });
    }

    if (limits.file < 2 ** 32) {
      test('more than 4 GiB, said before anything is written', async () => {
        const message = `needs 4\\d+ bytes; a ${format.name} file has at most 4294967295`;
        await refuses(sharedValues(4100, 1 << 20), new RegExp(message));
      });
    }

    test('a path that is taken, which stays as it is', async () => {
      const path = join(directory, 'taken');
      writeFileSync(path, 'precious');
      await expect(format.write(path, pairsOf([]))).rejects.toThrow(DbmError);
      expect(readFileSync(path, 'utf8')).toBe('precious');
    });

    test('a directory that is not there', async () => {
      await expect(format.write(join(directory, 'no', 'table'), pairsOf([]))).rejects.toThrow(/ENOENT/);
    });

    test('a disk that is full', async () => {
      await onFullDisk(join(directory, 'full'), format);
    });
  });
}

async function onFullDisk(folder: string, format: Format): Promise<void> {
  mkdirSync(folder);
  run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder]);
  try {
    const writing = format.write(join(folder, 'table'), pairsOf(aliases(100_000)));
    await expect(writing).rejects.toThrow(/full.table: .*ENOSPC/);
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    run('umount', [folder]);
  }
}

/** A table of `count` entries whose values of `size` bytes are all the same ones in memory. */
function sharedValues(count: number, size: number): Pairs {
  const pool = new Uint8Array(size);
  const columns = () => new Uint32Array(count);
  const pairs = {
    count,
    pool,
    keyStart: columns(),
    keyEnd: columns(),
    valueStart: columns(),
    valueEnd: columns(),
  };
  for (let i = 0; i < count; i++) {
    new DataView(pool.buffer).setUint32(4 * i, i);
    pairs.keyStart[i] = 4 * i;
    pairs.keyEnd[i] = 4 * i + 4;
    pairs.valueEnd[i] = size;
  }
  return pairs;
}
