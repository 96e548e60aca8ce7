/** Some lists, one behind the other. */
export function joined(lists: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(lists.reduce((sum, { length }) => sum + length, 0));
  let length = 0;
  for (const list of lists) {
    all.set(list, length);
    length += list.length;
  }
  return all;
}

/** The numbers that are in any of some ascending lists, ascending, each once. */
export function inEither(lists: readonly Uint32Array[]): Uint32Array {
  const some = lists.filter(({ length }) => length > 0);
  if (some.length === 1) return some[0];
  const all = joined(some).sort();
  let count = 0;
  for (let i = 0; i < all.length; i++) if (i === 0 || all[i] !== all[i - 1]) all[count++] = all[i];
  return all.subarray(0, count);
}

/** The numbers that are in both of two ascending lists. @param table whose entries they are */
export function inBoth(
  list: Uint32Array,
  other: Uint32Array,
  { count }: { readonly count: number },
): Uint32Array {
  // A list of all that there are needs no look.
  if (list.length === count) return other;
  let i = 0;
  return other.filter((number) => {
    while (list[i] < number) i++;
    return list[i] === number;
  });
}
