import type { Format } from '../format.ts';
import { CdbFile } from './file.ts';
import { limits } from './limits.ts';
import { writeCdb } from './write.ts';

/** Bernstein's constant database, as Exim's `cdb` lookup reads it: by default without NULs. */
export const cdb: Format = {
  name: 'cdb',
  suffix: '.cdb',
  limits,
  write: writeCdb,
  open: (path, options) => new CdbFile(path, options),
};
