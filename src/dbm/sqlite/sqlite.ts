import type { Format } from '../format.ts';
import { limits } from './limits.ts';
import { openSqlite } from './open.ts';
import { writeSqlite } from './write.ts';

/** SQLite, for Exim's `sqlite` lookup, and for its `dbm` lookup where Exim was built with SQLite. */
export const sqlite: Format = {
  name: 'sqlite',
  suffix: '.sqlite',
  limits,
  write: writeSqlite,
  open: openSqlite,
};
