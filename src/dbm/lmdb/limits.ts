import type { Limits } from '../format.ts';
import { PAGE_SIZE } from './layout.ts';

/**
 * liblmdb takes keys of 1 to 511 bytes, and 32-bit lengths of values. It numbers pages with 48 bits, we with 32.
 */
export const limits: Limits = { key: 511, value: 2 ** 32 - 1, file: 2 ** 32 * PAGE_SIZE };
