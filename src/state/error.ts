/** The state folder can't be used: names the path and what to do. */
export class StateError extends Error {
  override readonly name = 'StateError';
}

/** Another run holds the lock. */
export class LockedError extends Error {
  override readonly name = 'LockedError';

  constructor(path: string) {
    super(`another run holds the lock ${path}; nothing was done`);
  }
}
