// What a thread runs: the file beside it that works on tables, with its code cache.
import { start } from './start.ts';

start('table-thread.cjs');
