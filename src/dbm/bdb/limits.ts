import type { Limits } from '../format.ts';

/**
 * Keys stay on their bucket's page, whatever its size: libdb's lookups contradict each other for keys on overflow pages.
 * Values have 32-bit lengths, pages 32-bit numbers and at least 4096 bytes.
 */
export const limits: Limits = { key: 1024, value: 2 ** 32 - 1, file: 2 ** 32 * 4096 };
