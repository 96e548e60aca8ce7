import type { Limits } from '../format.ts';
import { PAGE_SIZE } from './layout.ts';

/** SQLite's rows have at most 10^9 bytes, of which a key in xtext may take three times its own. */
export const limits: Limits = { key: 65_536, value: 999_000_000, file: (2 ** 32 - 2) * PAGE_SIZE };
