/**
 * Entries that a loop over a whole table takes in one go. A function that is entered again soon runs compiled, and better
 * so than a loop that the compiler had to replace under way.
 */
const STRETCH = 1 << 8;
/** Likewise of a WebAssembly loop, which costs a little more to enter: V8 replaces none under way. */
export const LOOP_STRETCH = 1 << 12;

/** Has `step` go through `[0, count)` in stretches, from the first to the last. */
export function inStretches(count: number, step: (from: number, to: number) => void): void {
  stretches(count, STRETCH, step);
}

/** `inStretches` for steps that call a WebAssembly loop: each begins at a multiple of four. */
export function inLoopStretches(count: number, step: (from: number, to: number) => void): void {
  stretches(count, LOOP_STRETCH, step);
}

function stretches(count: number, length: number, step: (from: number, to: number) => void): void {
  for (let from = 0; from < count; from += length) step(from, Math.min(from + length, count));
}
