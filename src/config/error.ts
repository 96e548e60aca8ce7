import { printableText } from './printable.ts';

/** Keys and array indices from the top of the configuration file down to a value. */
export type KeyPath = readonly (string | number)[];

/** One thing that is wrong with a configuration file. Lines and columns count from 1. */
export interface Problem {
  readonly file: string;
  /** Undefined where the file itself can't be read. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** As in `tables.exch_table.sources[0].filter`; empty for the whole file. */
  readonly key: string;
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

/** A configuration file that can't be used, with everything that is wrong with it, in the order of the file. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly file: string;
  readonly problems: readonly Problem[];

  /** The message is a line a problem: `file:line: key: what is wrong; what to do`. */
  constructor(file: string, problems: readonly Problem[], options: { cause?: unknown } = {}) {
    super(problems.map(formatProblem).join('\n'), options);
    this.file = file;
    this.problems = problems;
  }
}

/** A single value that can't be used: the message says what is wrong with it, the hint what to write instead. */
export class ValueError extends Error {
  override readonly name: string = 'ValueError';
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

function formatProblem({ file, line, key, message, hint }: Problem): string {
  const place = line === undefined ? file : `${file}:${line}`;
  return printableText(`${place}: ${key === '' ? '' : `${key}: `}${message}; ${hint}`);
}
