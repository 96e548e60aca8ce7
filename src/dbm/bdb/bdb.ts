import type { Format } from '../format.ts';
import { BdbFile } from './file.ts';
import { limits } from './limits.ts';
import { patchBdb, prepareBdb } from './patch.ts';
import { writeBdb } from './write.ts';

/** Berkeley DB hash files, as Exim's `dbm` lookup reads them where it was built with Berkeley DB. */
export const bdb: Format = {
  name: 'bdb',
  suffix: '',
  limits,
  isShared: true,
  write: writeBdb,
  prepare: prepareBdb,
  patch: patchBdb,
  open: (path, options) => new BdbFile(path, options),
};
