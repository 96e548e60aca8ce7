import { even, META, META_PAGES, NODE_HEADER, TREE } from './layout.ts';
import type { Meta, Tree } from './meta.ts';
import type { NodePage } from './node-page.ts';
import type { PageFile } from './page-file.ts';
import { byBytes, type KeyOrder, TreeReader } from './tree-reader.ts';

const NUMBER_SIZE = 8;

/**
 * `DbmFile.verify`. Of what the latest transaction left: both trees, their order and their counts; and that each page of the
 * file belongs to one of them or to the free ones, and to no more than one. Then the same of the transaction before,
 * where it left something else: a reader may still go by it.
 */
export function verify(file: PageFile): void {
  const [latest, before] = file.metas;
  new Verification(file, latest).run();
  if (!sameContent(latest, before)) new Verification(file, before).run();
}

function sameContent(a: Meta, b: Meta): boolean {
  return JSON.stringify({ ...a, transaction: 0 }) === JSON.stringify({ ...b, transaction: 0 });
}

class Verification {
  readonly #file: PageFile;
  readonly #meta: Meta;
  /** Whether something led to a page; those that were never written are counted apart. */
  readonly #used: Uint8Array;
  readonly #unwritten = new Set<number>();
  readonly #nodes: Uint8Array;

  constructor(file: PageFile, meta: Meta) {
    this.#file = file;
    this.#meta = meta;
    this.#used = new Uint8Array(Math.min(meta.lastPage + 1, file.wholePages));
    this.#used.fill(1, 0, META_PAGES);
    this.#nodes = new Uint8Array(file.pageSize);
  }

  run(): void {
    const { mainTree, freeTree } = this.#meta;
    const main = new TreeReader(this.#file, this.#meta, mainTree, byBytes);
    this.#checkTree(main, mainTree, META.mainTree, (page) => this.#checkKeys(page));
    const free = new TreeReader(this.#file, this.#meta, freeTree, byNumber);
    this.#checkTree(free, freeTree, META.freeTree, (page) => this.#useFreePages(free, page));
    this.#checkLeftOvers();
  }

  #checkTree(reader: TreeReader, tree: Tree, place: number, checkLeaf: (page: NodePage) => void): void {
    const counts = { entries: 0, leafPages: 0, branchPages: 0, overflowPages: 0 };
    reader.walk({
      leaf: (page) => {
        this.#use(page.page);
        this.#checkNodes(page, (i) => page.valueEnd[i]);
        checkLeaf(page);
        counts.leafPages++;
        counts.entries += page.count;
        for (let i = 0; i < page.count; i++) {
          if (page.bigPage[i] !== 0)
            counts.overflowPages += this.#useBig(reader, page.bigPage[i], page.bigSize[i]);
        }
      },
      branch: (page) => {
        this.#use(page.page);
        this.#checkNodes(page, (i) => page.keyEnd[i]);
        if (page.count < 2) throw this.#file.fault(page.page, 'a branch with one child');
        counts.branchPages++;
      },
    });
    for (const name of ['entries', 'leafPages', 'branchPages', 'overflowPages'] as const) {
      if (counts[name] !== tree[name])
        throw this.#wrongCount(place + TREE[name], `${tree[name]}`, `${counts[name]}`);
    }
  }

  /** The nodes fill their part of the page, as their sizes tell: where none leaves a gap, none lies over another. */
  #checkNodes(page: NodePage, endOf: (i: number) => number): void {
    const nodes = this.#nodes.fill(0);
    for (let i = 0; i < page.count; i++) {
      const size = even(NODE_HEADER + endOf(i) - page.keyStart[i]);
      nodes.fill(1, page.at[i], page.at[i] + size);
    }
    const gap = nodes.indexOf(0, page.upper);
    if (gap >= 0) throw this.#file.fault(page.page, 'nodes lie over each other, and leave a gap', gap);
  }

  #checkKeys(page: NodePage): void {
    for (let i = 0; i < page.count; i++) {
      if (page.keyStart[i] === page.keyEnd[i])
        throw this.#file.fault(page.page, `node ${i} has no key`, page.at[i]);
    }
  }

  /** Each entry of the free tree lists the pages that a transaction, its key, had no more need for. */
  #useFreePages(reader: TreeReader, leaf: NodePage): void {
    for (let i = 0; i < leaf.count; i++) {
      const fault = (message: string) =>
        this.#file.fault(leaf.page, `free list ${i}: ${message}`, leaf.at[i]);
      if (leaf.keyEnd[i] - leaf.keyStart[i] !== NUMBER_SIZE) throw fault('its key is no transaction');
      const transaction = leaf.view.getBigUint64(leaf.keyStart[i], true);
      if (transaction > BigInt(this.#meta.transaction))
        throw fault(`the transaction ${transaction} is to come`);
      const list = reader.value(leaf, i);
      const view = new DataView(list.buffer, list.byteOffset, list.byteLength);
      if (list.length < NUMBER_SIZE || view.getBigUint64(0, true) > list.length / NUMBER_SIZE - 1) {
        throw fault('is longer than its value');
      }
      const count = Number(view.getBigUint64(0, true));
      for (let place = 1; place <= count; place++) {
        const page = view.getBigUint64(NUMBER_SIZE * place, true);
        if (page < META_PAGES || page > this.#meta.lastPage) throw fault(`has page ${page}`);
        this.#use(Number(page));
      }
    }
  }

  #useBig(reader: TreeReader, first: number, size: number): number {
    const pages = reader.bigPages(first, size);
    for (let page = first; page < first + pages; page++) this.#use(page);
    return pages;
  }

  #use(page: number): void {
    const again = page < this.#used.length ? this.#used[page] !== 0 : this.#unwritten.has(page);
    if (again) throw this.#file.fault(page, 'is used twice');
    if (page < this.#used.length) this.#used[page] = 1;
    else this.#unwritten.add(page);
  }

  #checkLeftOvers(): void {
    const unused = this.#used.indexOf(0);
    if (unused >= 0) throw this.#file.fault(unused, 'nothing leads to it');
    const missing = this.#meta.lastPage + 1 - this.#used.length - this.#unwritten.size;
    if (missing > 0) throw this.#file.fault(this.#used.length, `the file ends, ${missing} pages too early`);
  }

  #wrongCount(offset: number, recorded: string, counted: string): Error {
    const number = this.#meta.transaction % META_PAGES;
    return this.#file.fault(number, `counts ${recorded} where there are ${counted}`, offset);
  }
}

const byNumber: KeyOrder = (a, startA, endA, b, startB, endB) => {
  if (endA - startA !== endB - startB) return endA - startA - (endB - startB);
  for (let back = 1; back <= endA - startA; back++) {
    const difference = a[endA - back] - b[endB - back];
    if (difference !== 0) return difference;
  }
  return 0;
};
