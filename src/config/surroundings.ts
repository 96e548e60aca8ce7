import type { Outputs } from './outputs.ts';

/** What a value is judged against, besides itself. */
export interface Surroundings {
  /** Relative paths start here. */
  readonly folder: string;
  /** The names of the configured directories. */
  readonly directories: readonly string[];
  readonly outputs: Outputs;
  /** No directory will be spoken to: passwords and certificates may be out of this user's reach. */
  readonly offline: boolean;
}
