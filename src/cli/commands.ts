const commands = {
  approve: () => import('./approve.ts'),
  bench: () => import('./bench.ts'),
  build: () => import('./build.ts'),
  check: () => import('./check.ts'),
  dbm: () => import('./dbm.ts'),
  explain: () => import('./explain.ts'),
  explainError: () => import('./explain-error.ts'),
  history: () => import('./history.ts'),
  lookup: () => import('./lookup.ts'),
  override: () => import('./override.ts'),
  pin: () => import('./pin.ts'),
  reject: () => import('./reject.ts'),
  review: () => import('./review.ts'),
  rollback: () => import('./rollback.ts'),
  status: () => import('./status-command.ts'),
};

/** What each module of a command exports. */
export type Commands = {
  readonly [Name in keyof typeof commands]: Awaited<ReturnType<(typeof commands)[Name]>>;
};

const typed: { readonly [Name in keyof Commands]: () => Promise<Commands[Name]> } = commands;

/** The module of a command, which runs when it is asked for. */
export function command<Name extends keyof Commands>(name: Name): Promise<Commands[Name]> {
  return typed[name]();
}
