import { readFileSync } from 'node:fs';

/** Processor time, in seconds, that a server takes while something else runs. Linux only. */
export function timeOfServer<T>(
  pid: number,
  work: () => T,
): { readonly result: T; readonly seconds: number } {
  const before = ticks(pid);
  const result = work();
  return { result, seconds: (ticks(pid) - before) / 100 };
}

/** Hundredths of a second, user and system. See proc_pid_stat(5). */
function ticks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
