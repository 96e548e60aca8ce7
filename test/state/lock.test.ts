import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';

/** @returns a process that is told which folder to lock, and tells whether it could */
function startHolder(): { readonly lock: (folder: string) => Promise<unknown> } {
  const holder = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'lock-holder.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void holder.kill());
  const answers = createInterface({ input: holder.stdout })[Symbol.asyncIterator]();
  return {
    lock: async (folder) => {
      holder.stdin.write(`${folder}\n`);
      return (await answers.next()).value;
    },
  };
}

test('of two that come in the same moment, one has the lock', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'mailhub-lock-'));
  onTestFinished(() => rmSync(parent, { recursive: true }));
  const holders = [startHolder(), startHolder()];
  for (let round = 0; round < 30; round++) {
    const folder = mkdtempSync(join(parent, 'state-'));
    const answers = await Promise.all(holders.map((holder) => holder.lock(folder)));
    expect(answers.sort()).toEqual(['got', 'locked']);
  }
});
