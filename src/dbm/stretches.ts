/**
 * Entries that a loop over a whole table takes in one go. A function that is entered again soon runs compiled, and better
 * so than a loop that the compiler had to replace under way.
 */
const STRETCH = 1 << 8;

/** Has `step` go through `[0, count)` in stretches, from the first to the last. */
export function inStretches(count: number, step: (from: number, to: number) => void): void {
  for (let from = 0; from < count; from += STRETCH) step(from, Math.min(from + STRETCH, count));
}
