/** One line that is written over while a directory answers. */
export interface ProgressLine {
  readonly update: (directory: string, entries: number) => void;
  readonly clear: () => void;
}

const REFRESH_EVERY = 100;

/** @returns undefined where there is no terminal */
export function showProgress(stream: NodeJS.WriteStream): ProgressLine | undefined {
  if (!stream.isTTY) return undefined;
  let shownAt = 0;
  return {
    update: (directory, entries) => {
      const now = performance.now();
      if (now - shownAt < REFRESH_EVERY) return;
      shownAt = now;
      stream.write(`\r\x1b[K${directory}: ${entries.toLocaleString('en')} recipients`);
    },
    clear: () => {
      if (shownAt > 0) stream.write('\r\x1b[K');
    },
  };
}
