/**
 * Adds to the numbers at `contents`, one a bucket, the bytes that each entry takes on its bucket's page. `capacity`: bytes of a
 * page for these; an item longer than `mostOnPage` takes `reference` bytes.
 */
export function addContents(
  hashes: u32,
  keyStarts: u32,
  keyEnds: u32,
  valueStarts: u32,
  valueEnds: u32,
  count: u32,
  mask: u32,
  pageSize: u32,
  nul: u32,
  contents: u32,
): void {
  const mostOnPage = pageSize >> 2;
  for (let column: u32 = 0, end = count << 2; column < end; column += 4) {
    const key = load<u32>(keyEnds + column) - load<u32>(keyStarts + column) + nul;
    const value = load<u32>(valueEnds + column) - load<u32>(valueStarts + column) + nul;
    const content = contents + ((load<u32>(hashes + column) & mask) << 2);
    store<u32>(content, load<u32>(content) + itemSize(key, mostOnPage) + itemSize(value, mostOnPage));
  }
}

/** With its index. */
export function itemSize(length: u32, mostOnPage: u32): u32 {
  return length > mostOnPage ? 14 : length + 3;
}

/** How many pages beyond the first the buckets need for their contents. */
export function overflowPages(contents: u32, buckets: u32, capacity: u32): u32 {
  let pages: u32 = 0;
  for (let at = contents, end = contents + (buckets << 2); at < end; at += 4) {
    const content = load<u32>(at);
    if (content > capacity) pages += (content + capacity - 1) / capacity - 1;
  }
  return pages;
}
