import { DbmError } from './error.ts';
import { MemoryFullError } from './linear-memory.ts';

/** What `work` gives. @throws DbmError that names the file at `path` when the work has no room in memory */
export function withRoom<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof MemoryFullError) throw new DbmError(path, error.message, { cause: error });
    throw error;
  }
}
