import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const harness = join(import.meta.dirname, 'samba.ts');

interface Started {
  readonly child: ChildProcess;
  readonly folder: string;
  readonly url: string;
}

/** A test run of its own, which starts a server and then waits. */
async function start(): Promise<Started> {
  const program = `
    import(${JSON.stringify(harness)}).then(async ({ startSamba }) => {
      const { folder, url } = await startSamba();
      console.log(JSON.stringify({ folder, url }));
      setInterval(() => {}, 1000);
    });`;
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [line] = await once(child.stdout, 'data');
  return { child, ...JSON.parse(String(line)) };
}

const isOpen = (url: string) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(389, new URL(url).hostname);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/** The processes whose command line or working files have to do with a folder. */
const processesOf = (folder: string) =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(folder);
      } catch {
        return false;
      }
    });

it.each(['SIGKILL', 'SIGINT', 'SIGTERM'] as const)(
  'goes away without a trace when its test is ended by %s',
  async (signal) => {
    const { child, folder, url } = await start();
    expect(await isOpen(url)).toBe(true);
    expect(processesOf(folder)).not.toEqual([]);
    child.kill(signal);
    await expect.poll(() => existsSync(folder), { timeout: 20_000 }).toBe(false);
    await expect.poll(() => processesOf(folder), { timeout: 20_000 }).toEqual([]);
    expect(await isOpen(url)).toBe(false);
  },
);
