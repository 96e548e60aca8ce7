import type { Format } from '../format.ts';
import { TdbFile } from './file.ts';
import { limits } from './limits.ts';
import { writeTdb } from './write.ts';

/** tdb files, as Exim's `dbm` lookup reads them where it was built with tdb. */
export const tdb: Format = {
  name: 'tdb',
  suffix: '',
  limits,
  isShared: true,
  write: writeTdb,
  open: (path, options) => new TdbFile(path, options),
};
