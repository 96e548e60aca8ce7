import type { Limits } from '../format.ts';
import { LARGEST_FILE } from './layout.ts';

/** Whatever fits into a file whose offsets have 32 bits. */
export const limits: Limits = { key: LARGEST_FILE, value: LARGEST_FILE, file: LARGEST_FILE };
