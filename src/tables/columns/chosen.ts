/**
 * Of some numbers those that are chosen, in their order. For lists as long as tables: the array's own `filter` gathers what it keeps
 * in an array of another kind first.
 */
export function chosen(numbers: Uint32Array, isChosen: (number: number) => boolean): Uint32Array {
  // Memory is taken only where it is touched.
  const kept = new Uint32Array(numbers.length);
  let count = 0;
  for (let i = 0; i < numbers.length; i++) if (isChosen(numbers[i])) kept[count++] = numbers[i];
  return kept.subarray(0, count);
}
