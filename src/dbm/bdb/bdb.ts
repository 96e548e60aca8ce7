import type { Format } from '../format.ts';
import { BdbFile } from './file.ts';
import { writeBdb } from './write.ts';

/** Pages have 32-bit numbers and at least 4096 bytes, items 32-bit lengths. */
const LONGEST_ITEM = 2 ** 32 - 1;

/** Berkeley DB hash files, as Exim's `dbm` lookup reads them where it was built with Berkeley DB. */
export const bdb: Format = {
  name: 'bdb',
  suffix: '',
  limits: { key: LONGEST_ITEM, value: LONGEST_ITEM, file: 2 ** 32 * 4096 },
  write: writeBdb,
  open: (path, options) => new BdbFile(path, options),
};
