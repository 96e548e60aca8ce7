import type { Sizes } from '../limits.ts';
import type { Pairs } from '../pairs.ts';
import { inStretches } from '../stretches.ts';
import { isOffPage, OFF_PAGE_SIZE, PAGE_HEADER } from './layout.ts';
import type { TableBuckets } from './table-buckets.ts';

/** The number of buckets is a power of two: any other needs as many pages and fills them worse. */
export interface Geometry {
  readonly pageSize: number;
  readonly buckets: number;
}

/** libdb never makes fewer. */
const FEWEST_BUCKETS = 2;
/** Exim reads one page for most lookups: larger ones vary less in what falls on them, so fewer of them overflow. */
const PAGE_SIZES = [4096, 8192, 16384] as const;
export const [SMALLEST_PAGE] = PAGE_SIZES;
/** Up to here hardly a page of the smallest size overflows; from there it is counted. */
const SURELY_ENOUGH = 0.7;
/** Beyond this even the largest pages overflow so often that twice as many buckets are better. */
const SURELY_FULL = 0.95;
/** A page size is taken when its overflow pages add less than this to the file. */
const FEW_OVERFLOW_PAGES = 1.05;
/** Overflow pages up to here are still better than twice as many buckets. */
const MOST_OVERFLOW_PAGES = 1.2;

/** The bytes an item takes on its bucket's page, with its index. */
export function itemSize(length: number, pageSize: number): number {
  return 2 + (isOffPage(length, pageSize) ? OFF_PAGE_SIZE : 1 + length);
}

/**
 * Page size and number of buckets for well-filled pages: at least half full, and few buckets of more than one page.
 * Depends on nothing but the entries.
 */
export function chooseGeometry(
  pairs: Pairs,
  table: TableBuckets,
  sizes: Sizes,
  terminated: boolean,
): Geometry {
  const content = contentSize(pairs, sizes, SMALLEST_PAGE, terminated);
  return geometryFor(content, sizes.longestValue, (geometry) =>
    table.overflowPages(geometry, geometry.pageSize - PAGE_HEADER),
  );
}

/**
 * Page size and number of buckets for entries that take `content` bytes on pages of the smallest size.
 *
 * @param overflowPagesIn how many pages more than it has buckets a file of some geometry needs
 */
export function geometryFor(
  content: number,
  longestValue: number,
  overflowPagesIn: (geometry: Geometry) => number,
): Geometry {
  const capacity = (buckets: number) => buckets * (SMALLEST_PAGE - PAGE_HEADER);
  let buckets = FEWEST_BUCKETS;
  while (content > SURELY_FULL * capacity(buckets)) buckets *= 2;
  if (content <= SURELY_ENOUGH * capacity(buckets)) return { pageSize: SMALLEST_PAGE, buckets };

  let best: Geometry = { pageSize: SMALLEST_PAGE, buckets: buckets * 2 };
  let bestGrowth = MOST_OVERFLOW_PAGES;
  for (const pageSize of isOffPage(longestValue, SMALLEST_PAGE) ? [SMALLEST_PAGE] : PAGE_SIZES) {
    const geometry = { pageSize, buckets: (buckets * SMALLEST_PAGE) / pageSize };
    if (geometry.buckets < FEWEST_BUCKETS) break;
    const growth = 1 + overflowPagesIn(geometry) / geometry.buckets;
    if (growth <= FEW_OVERFLOW_PAGES) return geometry;
    if (growth < bestGrowth) {
      best = geometry;
      bestGrowth = growth;
    }
  }
  return best;
}

function contentSize(pairs: Pairs, sizes: Sizes, pageSize: number, terminated: boolean): number {
  if (!isOffPage(sizes.longestValue, pageSize)) return sizes.keys + sizes.values + pairs.count * 6;
  let content = 0;
  inStretches(pairs.count, (from, to) => {
    for (let i = from; i < to; i++) content += entrySize(pairs, i, pageSize, terminated);
  });
  return content;
}

/** How many pages more than one each buckets need that have so much on them. */
export function pagesBeyond(content: Float64Array | Uint32Array, capacity: number): number {
  let pages = 0;
  for (const bytes of content) if (bytes > capacity) pages += Math.ceil(bytes / capacity) - 1;
  return pages;
}

function entrySize(pairs: Pairs, i: number, pageSize: number, terminated: boolean): number {
  const nul = terminated ? 1 : 0;
  const key = pairs.keyEnd[i] - pairs.keyStart[i] + nul;
  const value = pairs.valueEnd[i] - pairs.valueStart[i] + nul;
  return itemSize(key, pageSize) + itemSize(value, pageSize);
}
