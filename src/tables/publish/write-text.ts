import { closeSync, fsync, openSync, rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { writeFully } from '../../dbm/write-fully.ts';
import { hasSum, TextSum } from '../dat/text-sum.ts';
import { PublishError, systemReason } from '../error.ts';

/** Bytes that are forced to the disk while the next ones are written: so it has little left to do in the end. */
const FORCED = 1 << 24;

/**
 * Creates a file with a text, reads it back and forces it to the disk, both at a time. While the disk is at work, others have
 * their turn.
 *
 * @param blocks each in a `LinearMemory`, and good only until the next is asked for
 * @returns the sum of the blocks
 * @throws PublishError; what is there of the file stays
 */
export async function writeText(path: string, blocks: Iterable<Uint8Array>): Promise<bigint> {
  let sum: bigint | undefined;
  try {
    rmSync(path, { force: true });
    sum = await writeAndRead(path, blocks);
  } catch (error) {
    throw new PublishError(path, systemReason(error), { cause: error });
  }
  if (sum === undefined) {
    throw new PublishError(path, 'reading it back gave other bytes than were written; check the disk');
  }
  return sum;
}

/** @returns undefined when the file has not what was written */
async function writeAndRead(path: string, blocks: Iterable<Uint8Array>): Promise<bigint | undefined> {
  const descriptor = openSync(path, 'wx', 0o644);
  const forced: Promise<void>[] = [];
  try {
    const sum = write(descriptor, blocks, () => forced.push(force(descriptor)));
    await nextTurn();
    const isThere = hasSum(path, sum);
    await Promise.all(forced);
    return isThere ? sum.value : undefined;
  } finally {
    await Promise.allSettled(forced);
    closeSync(descriptor);
  }
}

/** @param forceWritten is called now and then, and in the end */
function write(descriptor: number, blocks: Iterable<Uint8Array>, forceWritten: () => void): TextSum {
  const sum = new TextSum();
  let at = 0;
  let forced = 0;
  for (const block of blocks) {
    writeFully(descriptor, block, at);
    sum.add(block);
    at += block.length;
    if (at - forced < FORCED) continue;
    forceWritten();
    forced = at;
  }
  forceWritten();
  return sum;
}

/** Its error is kept for whoever waits for it in the end. */
function force(descriptor: number): Promise<void> {
  const done = promisify(fsync)(descriptor);
  done.catch(() => undefined);
  return done;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
