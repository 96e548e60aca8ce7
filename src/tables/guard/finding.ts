/** One reason for which a candidate may not replace what is published. */
export interface Finding {
  readonly rule:
    | 'waits'
    | 'cross-check'
    | 'empty'
    | 'not-larger'
    | 'half-lost'
    | 'max_removed'
    | 'max_changed'
    | 'max_added'
    | 'min_entries'
    | 'max_removed_per_domain'
    | 'protected'
    | 'rejected'
    | 'max_age';
  readonly message: string;
  /** What was found, in entries or bytes or, of `max_age`, milliseconds; and the limit, as the configuration has it. */
  readonly count?: number;
  readonly limit?: string;
  /** The first of the keys in question, made printable. */
  readonly examples?: readonly string[];
}
