import type { Format } from '../format.ts';
import { GdbmFile } from './file.ts';
import { limits } from './limits.ts';
import { writeGdbm } from './write.ts';

/** gdbm files, as Exim's `dbm` lookup reads them where it was built with gdbm. */
export const gdbm: Format = {
  name: 'gdbm',
  suffix: '',
  limits,
  write: writeGdbm,
  open: (path, options) => new GdbmFile(path, options),
};
