import { chmod } from 'node:fs/promises';
import { createFile } from '../output.ts';

/** What liblmdb puts behind the table's name. */
export const LOCK_SUFFIX = '-lock';

/** Exim's user opens it for writing; with more for others, any local user could keep Exim waiting for a lock. */
const MODE = 0o660;
/** 64 bytes a reader, and a head: liblmdb makes room for 126 readers, but takes a larger file as it is. */
const SIZE = 2048 * 64;

/**
 * Creates the lock file that readers of a table share, at `path`, which must not exist. All zeros: the first reader sets it
 * up. It lets 2,000 processes read at a time, and is to replace the lock file of the table that is replaced: processes that
 * ended without leaving it otherwise count as readers for as long as another one has it open.
 *
 * Readers that use the old table with the new lock file, or the other way round, are all right: nobody ever writes to a
 * table, and its two meta pages say the same.
 *
 * @throws DbmError any fault of the file system; nothing is left behind then
 */
export async function writeLockFile(path: string): Promise<void> {
  await createFile(path, async (output) => {
    const stream = output.stream(0);
    stream.put(new Uint8Array(SIZE));
    stream.end();
    // The process's umask would take the group's right to write away.
    await chmod(path, MODE);
  });
}
