/** One line that is written over while a directory answers. */
export interface ProgressLine {
  readonly update: (directory: string, entries: number) => void;
  readonly clear: () => void;
}

/** What standard error is, as far as progress goes. */
export interface Screen {
  readonly isTTY: boolean;
  write(text: string): unknown;
}

/** In milliseconds. */
const REFRESH_EVERY = 100;

/** @returns undefined where there is no terminal */
export function showProgress(stream: Screen): ProgressLine | undefined {
  if (!stream.isTTY) return undefined;
  let shownAt = -Infinity;
  return {
    update: (directory, entries) => {
      const now = performance.now();
      if (now - shownAt < REFRESH_EVERY) return;
      shownAt = now;
      stream.write(`\r\x1b[K${directory}: ${entries.toLocaleString('en')} recipients`);
    },
    clear: () => {
      if (shownAt >= 0) stream.write('\r\x1b[K');
    },
  };
}
