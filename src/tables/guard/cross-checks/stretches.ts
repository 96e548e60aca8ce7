/** The bytes of a number in a column. */
export const BYTES = Uint32Array.BYTES_PER_ELEMENT;

/**
 * How much a loop is given at a time: what it writes stays in the processor's cache, and V8 puts better code in the place of what it
 * compiled first only when a loop is called again.
 */
export const STRETCH = 1 << 14;

export interface Stretch {
  readonly first: number;
  readonly count: number;
}

/** So many entries, some at a time. */
export function stretches(total: number): Stretch[] {
  return Array.from({ length: Math.ceil(total / STRETCH) }, (_, i) => {
    const first = i * STRETCH;
    return { first, count: Math.min(STRETCH, total - first) };
  });
}
