import type { Statistics } from '../format.ts';
import { HashPage } from './hash-page.ts';
import { PAGE_HEADER } from './layout.ts';
import { LongItems } from './long-items.ts';
import { bucketPage } from './meta.ts';
import type { PageFile } from './page-file.ts';

/** `DbmFile.statistics`, counted, not believed. The names are those of `db_stat -d`, where it has them. */
export function statistics(file: PageFile): Statistics {
  const { meta } = file;
  const page = new HashPage(file);
  const longItems = new LongItems(file);
  let entries = 0;
  let chained = 0;
  let overflow = 0;
  let free = 0;
  let pagesRead = 0;
  for (let bucket = 0; bucket <= meta.maxBucket; bucket++) {
    let previous = 0;
    let depth = 0;
    for (let number = bucketPage(meta, bucket); number !== 0; number = page.next) {
      page.load(number, previous);
      depth++;
      if (depth > 1) chained++;
      let used = PAGE_HEADER + 2 * page.items;
      for (let i = 0; i < page.items; i++) {
        used += page.end[i] - page.start[i] + 1;
        if (page.offPage[i] !== 0) longItems.walk(page.offPage[i], () => overflow++);
        if (overflow > file.pageCount) throw file.fault(number, 'items share overflow pages');
      }
      free += meta.pageSize - used;
      entries += page.items / 2;
      pagesRead += (depth * page.items) / 2;
      previous = number;
    }
  }
  return {
    entries,
    bytes: file.size,
    detail: {
      'page size': meta.pageSize,
      pages: file.pageCount,
      buckets: meta.maxBucket + 1,
      'bytes free on bucket pages': free,
      'bucket overflow pages': chained,
      'overflow pages': overflow,
      'bucket pages read per lookup': entries === 0 ? 1 : pagesRead / entries,
    },
  };
}
