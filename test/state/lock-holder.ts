// Takes the lock of each folder whose path comes in on a line, says whether it has got it, and lets it go with the next line.
import { createInterface } from 'node:readline';
import { LockedError } from '../../src/state/error.ts';
import { RunLock } from '../../src/state/lock.ts';

let held: RunLock | undefined;
createInterface({ input: process.stdin }).on('line', (folder) => {
  held?.release();
  held = undefined;
  try {
    held = RunLock.acquire(folder, folder);
    console.log('got');
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    console.log('locked');
  }
});
