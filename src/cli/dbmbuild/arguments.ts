/** exim_dbmbuild's command line. */
export interface Arguments {
  /** Path of the input; `-` is standard input. */
  readonly source: string;
  readonly table: string;
  readonly lowerCaseKeys: boolean;
  readonly warn: boolean;
  readonly duplicatesAreErrors: boolean;
  /** Which of several entries with the same key stays. */
  readonly keep: 'first' | 'last';
  /** Store a NUL after each key and value. */
  readonly terminated: boolean;
}

const OPTIONS: Readonly<Record<string, Partial<Arguments>>> = {
  '-nolc': { lowerCaseKeys: false },
  '-nowarn': { warn: false },
  '-lastdup': { keep: 'last' },
  '-noduperr': { duplicatesAreErrors: false },
  '-nozero': { terminated: false },
};

/** Undefined for a command line that exim_dbmbuild answers with its usage. Options come first; any other word ends them. */
export function parseArguments(argv: readonly string[]): Arguments | undefined {
  let chosen: Partial<Arguments> = {};
  let next = 0;
  while (next < argv.length && Object.hasOwn(OPTIONS, argv[next])) {
    chosen = { ...chosen, ...OPTIONS[argv[next++]] };
  }
  if (argv.length - next !== 2) return undefined;
  return {
    source: argv[next],
    table: argv[next + 1],
    lowerCaseKeys: true,
    warn: true,
    duplicatesAreErrors: true,
    keep: 'first',
    terminated: true,
    ...chosen,
  };
}
