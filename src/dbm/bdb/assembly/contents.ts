/** Where a page's header has the number of its items, and the lowest byte in use. */
const ITEMS = 20;
const LOW = 22;

/** How many bytes each of some pages has in use, with the indexes, behind its header: to the numbers at `contents`. */
export function measurePages(pages: u32, size: u32, pageSize: u32, contents: u32): void {
  for (let page = pages, end = pages + size, to = contents; page < end; page += pageSize, to += 4)
    store<u32>(to, pageSize - <u32>load<u16>(page, LOW) + 2 * <u32>load<u16>(page, ITEMS));
}
