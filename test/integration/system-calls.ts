import { readFileSync } from 'node:fs';

/** A system call as strace saw it. `started` and `ended` are places in the order of all that happened. */
export interface SystemCall {
  readonly name: string;
  /** With the paths behind file descriptors, as `strace -y` has them. */
  readonly text: string;
  readonly started: number;
  readonly ended: number;
}

/** A command that records system calls of what it starts, and of all threads and children of that. */
export function recorder(path: string, names: readonly string[]): string[] {
  return ['strace', '-f', '-y', '-s', '0', '-e', `trace=${names.join(',')}`, '-o', path];
}

/** The calls that went well, in the order of their ends. @throws Error for a line that is none of strace's */
export function recorded(path: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const unfinished = new Map<string, { readonly text: string; readonly started: number }>();
  for (const [place, line] of readFileSync(path, 'utf8').trimEnd().split('\n').entries()) {
    const [, process = '', event = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (event === '') throw new Error(`not from strace: ${line}`);
    if (event.startsWith('---') || event.startsWith('+++')) continue;
    if (event.endsWith('<unfinished ...>')) {
      unfinished.set(process, { text: event.slice(0, -'<unfinished ...>'.length), started: place });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(event);
    const before = resumed === null ? undefined : unfinished.get(process);
    const text = `${before?.text ?? ''}${resumed?.[1] ?? event}`;
    const name = /^\w+/.exec(text)?.[0] ?? '';
    if (/ = -1 /.test(text)) continue;
    calls.push({ name, text, started: before?.started ?? place, ended: place });
  }
  return calls;
}
