import { ConfigError } from '../config/error.ts';
import { DbmError } from '../dbm/error.ts';
import { LockedError, StateError } from '../state/error.ts';
import { ApprovalError } from '../tables/decisions/approve.ts';
import { OverrideError } from '../tables/decisions/override-error.ts';
import { RollbackError } from '../tables/decisions/rollback.ts';
import { PublishError, SourceError } from '../tables/error.ts';
import { EximError } from '../tables/publish/exim.ts';
import { UnknownTableError } from '../tables/select.ts';
import { FixtureError } from './bench/fixture.ts';
import { Status } from './status.ts';

/** The exit status of an error that ended a command, and what to say of it. */
export function explain(error: unknown): { status: number; message: string } {
  if (error instanceof ConfigError) return { status: Status.configuration, message: error.message };
  if (error instanceof EximError) return { status: Status.configuration, message: error.message };
  if (error instanceof UnknownTableError) return { status: Status.usage, message: error.message };
  if (error instanceof ApprovalError)
    return { status: error.held ? Status.held : Status.usage, message: error.message };
  if (error instanceof PublishError) return { status: Status.error, message: error.message };
  if (error instanceof OverrideError) return { status: Status.usage, message: error.message };
  if (error instanceof RollbackError) return { status: Status.usage, message: error.message };
  if (error instanceof LockedError) return { status: Status.locked, message: error.message };
  if (error instanceof StateError) return { status: Status.error, message: error.message };
  if (error instanceof DbmError) return { status: Status.error, message: error.message };
  if (error instanceof FixtureError) return { status: Status.error, message: error.message };
  if (error instanceof SourceError) return { status: Status.sourceFailed, message: error.message };
  if (isSystemError(error)) return { status: Status.error, message: error.message };
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { status: Status.error, message: `this is a fault of the program, please report it:\n${trace}` };
}

function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}
