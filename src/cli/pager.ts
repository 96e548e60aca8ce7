import { spawn } from 'node:child_process';

/**
 * Shows a text through $PAGER, or `less`, on a terminal; elsewhere, and where the pager does not start, plainly. `less` is
 * told to leave at once where all fits on the screen, and to pass on nothing but colours.
 */
export async function page(text: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const pager = environment.PAGER ?? 'less';
  if (!process.stdout.isTTY || pager === '' || pager === 'cat' || !(await paged(text, pager, environment)))
    process.stdout.write(text);
}

function paged(text: string, pager: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', pager], {
      stdio: ['pipe', 'inherit', 'inherit'],
      env: { LESS: 'FRX', LV: '-c', ...environment },
    });
    child.on('error', () => resolve(false));
    // 126 and 127: the shell could not run it.
    child.on('close', (status) => resolve(status !== 126 && status !== 127));
    child.stdin.on('error', () => {}); // It was left before its end.
    child.stdin.end(text);
  });
}
