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

/** A moment of a run: right before the n-th of its system calls of one kind. */
export interface Moment {
  readonly call: 'write' | 'fsync' | 'rename' | 'unlink';
  /** From 1, in each thread. */
  readonly at: number;
  /** Counts those only that are about these files. */
  readonly files?: readonly string[];
}

/** A command that kills what it starts, with SIGKILL, at a moment; what never comes to that ends as ever. */
export function killer({ call, at, files = [] }: Moment): string[] {
  const calls = { write: '/^pwrite', fsync: '/^f(data)?sync', rename: '/^rename', unlink: '/^unlink' }[call];
  const paths = files.flatMap((path) => ['-P', path]);
  return ['strace', '-f', '-o', '/dev/null', ...paths, '-e', `inject=${calls}:signal=KILL:when=${at}`];
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
