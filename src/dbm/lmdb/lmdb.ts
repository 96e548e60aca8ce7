import type { Format } from '../format.ts';
import { LmdbFile } from './file.ts';
import { limits } from './limits.ts';
import { LOCK_SUFFIX, writeLockFile } from './lock-file.ts';
import { writeLmdb } from './write.ts';

/** LMDB, one file without a subdirectory, as Exim's `lmdb` lookup reads it. By default without NULs. */
export const lmdb: Format = {
  name: 'lmdb',
  suffix: '.lmdb',
  limits,
  companion: { suffix: LOCK_SUFFIX, write: writeLockFile },
  write: writeLmdb,
  open: (path, options) => new LmdbFile(path, options),
};
