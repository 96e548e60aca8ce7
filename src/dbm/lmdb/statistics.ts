import type { Statistics } from '../format.ts';
import type { PageFile } from './page-file.ts';
import type { TreeReader } from './tree-reader.ts';

/** `DbmFile.statistics`, counted, not believed. The names are those of `mdb_stat`, where it has them. */
export function statistics(file: PageFile, tree: TreeReader): Statistics {
  const [meta] = file.metas;
  let entries = 0;
  let leafPages = 0;
  let branchPages = 0;
  let overflowPages = 0;
  let free = 0;
  tree.walk({
    leaf: (page) => {
      leafPages++;
      entries += page.count;
      free += page.upper - page.lower;
      for (let i = 0; i < page.count; i++) {
        if (page.bigPage[i] !== 0) overflowPages += tree.bigPages(page.bigPage[i], page.bigSize[i]);
      }
    },
    branch: () => branchPages++,
  });
  return {
    entries,
    bytes: file.size,
    detail: {
      'page size': file.pageSize,
      'map size': meta.mapSize,
      'pages used': meta.lastPage + 1,
      'last transaction': meta.transaction,
      'tree depth': meta.mainTree.depth,
      'branch pages': branchPages,
      'leaf pages': leafPages,
      'overflow pages': overflowPages,
      'bytes free on leaf pages': free,
    },
  };
}
