import type { DeltaKind } from '../types.ts';

/** An object that changed, as the server that noticed it names it. */
export interface Notice {
  /** 16 bytes. */
  readonly id: Uint8Array;
  /** The value of the id attribute, as a filter has it. */
  readonly assertion: Buffer;
  readonly isDeleted: boolean;
  /** Whether everything below it, too, may have another DN now. */
  readonly mayHaveMoved: boolean;
}

/** What happened since a position. */
export interface Changes {
  /** By id; of an object that changed twice, what it came to. */
  readonly notices: ReadonlyMap<string, Notice>;
  /** From which to go on. */
  readonly position: Buffer;
  /** Whether deleted objects would be among the notices. */
  readonly deletionsSeen: boolean;
}

/** Why nothing can be told. */
export class Refusal {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/**
 * One way in which a server tells of changes. It names the objects; what they are now has to be read afresh. What depends on more
 * than an object's own attributes (back-links, the names of those above it) changes without a notice.
 */
export interface Mechanism {
  readonly kind: DeltaKind;
  /** What its positions are good for: a domain, or a single server. */
  scope(): Promise<string>;
  /**
   * The position from which on every change will be told.
   *
   * @throws DirectoryError
   */
  now(): Promise<Buffer | Refusal>;
  /** @throws DirectoryError */
  since(position: Buffer): Promise<Changes | Refusal>;
}

/** What a position holds as JSON; undefined where it isn't that. */
export function parsePosition<T>(position: Buffer, isOne: (value: Partial<T>) => value is T): T | undefined {
  try {
    const value: unknown = JSON.parse(position.toString('utf8'));
    return typeof value === 'object' && value !== null && isOne(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Collects notices; a later one of the same object takes the place of the earlier. */
export class Notices extends Map<string, Notice> {
  take(notice: Notice): void {
    this.set(Buffer.from(notice.id).toString('latin1'), notice);
  }
}
