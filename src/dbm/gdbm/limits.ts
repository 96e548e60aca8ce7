import type { Limits } from '../format.ts';

/** Lengths are signed 32-bit numbers, addresses signed 64-bit ones, of which JavaScript counts 53 bits. */
export const limits: Limits = { key: 2 ** 31 - 1, value: 2 ** 31 - 1, file: Number.MAX_SAFE_INTEGER };
