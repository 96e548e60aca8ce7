import { spawnSync } from 'node:child_process';

/** What the operating system says of a whole process. */
export interface Measurement {
  readonly seconds: number;
  /** Processor time, user and system. */
  readonly cpuSeconds: number;
  readonly residentMegabytes: number;
  /** What it wrote on stderr. */
  readonly printed: string;
}

/**
 * What programs are measured in is what cron gives them: NODE_EXTRA_CA_CERTS alone, where somebody's shell has it, adds 30 ms to
 * every start of Node.
 */
export const environment = { PATH: process.env.PATH, HOME: process.env.HOME };

/** Runs a command to its end, its output thrown away. @throws Error when it ends with a status that is not allowed */
export function measure(command: readonly string[], allowed: readonly number[] = [0]): Measurement {
  // What an earlier program left for the disk to write is none of this one's time.
  spawnSync('sync');
  const started = performance.now();
  const timed = ['-f', '%U %S %M', '-q', ...command];
  const { status, stderr, error } = spawnSync('/usr/bin/time', timed, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: environment,
  });
  const seconds = (performance.now() - started) / 1000;
  if (error !== undefined) throw error;
  const output = stderr.toString();
  if (status === null || !allowed.includes(status))
    throw new Error(`${command.join(' ')}: status ${status}\n${output}`);
  const lines = output.trim().split('\n');
  const [user, system, kilobytes] = (lines.pop() ?? '').split(' ').map(Number);
  const printed = lines.join('\n');
  return { seconds, cpuSeconds: user + system, residentMegabytes: kilobytes / 1024, printed };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The least and the most, in seconds: `0.18-0.31`. */
export function spread(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(2)}-${Math.max(...values).toFixed(2)}`;
}
