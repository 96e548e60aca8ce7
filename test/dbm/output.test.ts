import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DbmError } from '../../src/dbm/index.ts';
import { createFile } from '../../src/dbm/output.ts';
import { scratchDirectory } from './support.ts';

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
});
