import { DbmError } from '../error.ts';
import {
  DATA_VERSION,
  DEEPEST,
  INTEGER_KEY,
  LARGEST_MAP,
  LARGEST_PAGE,
  MAGIC,
  MAP_UNIT,
  META,
  META_PAGE,
  META_PAGES,
  META_SIZE,
  NO_PAGE_HALF,
  NO_SUBDIRECTORY,
  PAGE,
  PAGE_SIZE,
  SMALLEST_PAGE,
  TREE,
} from './layout.ts';

/** A B+ tree of pages, as a meta page describes it. */
export interface Tree {
  readonly flags: number;
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly entries: number;
  /** Undefined for a tree without pages. */
  readonly root: number | undefined;
}

/** A meta page: what one transaction left behind. */
export interface Meta {
  readonly pageSize: number;
  readonly mapSize: number;
  readonly lastPage: number;
  readonly transaction: number;
  readonly freeTree: Tree;
  readonly mainTree: Tree;
}

/**
 * Writes the meta page of `transaction` into zeroed bytes. Both meta pages name the same tree, 0 as the transaction's that
 * made the empty file and 1 as the first's: a reader goes by the transaction number in the lock file, which may be from
 * another file that was there before, and looks into the meta page that has its parity.
 */
export function writeMeta(
  view: DataView,
  at: number,
  transaction: number,
  tree: Tree,
  lastPage: number,
): void {
  const put64 = (offset: number, value: number) => view.setBigUint64(at + offset, BigInt(value), true);
  put64(PAGE.number, transaction);
  view.setUint16(at + PAGE.flags, META_PAGE, true);
  view.setUint32(at + META.magic, MAGIC, true);
  view.setUint32(at + META.version, DATA_VERSION, true);
  put64(META.mapSize, Math.ceil(((lastPage + 1) * PAGE_SIZE) / MAP_UNIT) * MAP_UNIT);
  view.setUint32(at + META.pageSize, PAGE_SIZE, true);
  view.setUint16(at + META.envFlags, INTEGER_KEY | NO_SUBDIRECTORY, true);
  writeRoot(view, at + META.freeTree + TREE.root, undefined);
  view.setUint16(at + META.mainTree + TREE.depth, tree.depth, true);
  put64(META.mainTree + TREE.branchPages, tree.branchPages);
  put64(META.mainTree + TREE.leafPages, tree.leafPages);
  put64(META.mainTree + TREE.overflowPages, tree.overflowPages);
  put64(META.mainTree + TREE.entries, tree.entries);
  writeRoot(view, at + META.mainTree + TREE.root, tree.root);
  put64(META.lastPage, lastPage);
  put64(META.transaction, transaction);
}

function writeRoot(view: DataView, at: number, root: number | undefined): void {
  view.setUint32(at, root ?? NO_PAGE_HALF, true);
  view.setUint32(at + 4, root === undefined ? NO_PAGE_HALF : 0, true);
}

/** True when a file with these first bytes is for us to open, or to refuse with a reason. */
export function isLmdb(head: Uint8Array): boolean {
  return magicPlace(head) !== undefined;
}

/** Where the magic number stands, and in which byte order: at 16 on machines of 64 bits, at 12 on those of 32. */
function magicPlace(head: Uint8Array): { offset: number; little: boolean } | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  for (const offset of [META.magic, META.magic - 4]) {
    for (const little of [true, false]) {
      if (head.length >= offset + 4 && view.getUint32(offset, little) === MAGIC) return { offset, little };
    }
  }
  return undefined;
}

/**
 * Reads a meta page from its first `META_SIZE` bytes, which stand at `position` of the file.
 *
 * @throws DbmError when it is none that we can read
 */
export function readMeta(path: string, bytes: Uint8Array, number: number, position: number): Meta {
  const fault = (offset: number, message: string) =>
    new DbmError(path, `meta page ${number}: ${message}`, { offset: position + offset });
  if (bytes.length < META_SIZE) throw fault(bytes.length, 'the file ends before it');
  const place = magicPlace(bytes);
  if (place === undefined) throw fault(META.magic, 'not an LMDB file: the magic number is wrong');
  if (place.offset !== META.magic || !place.little) {
    const machine = place.little ? '32 bits' : 'the other byte order';
    throw fault(place.offset, `made on a machine of ${machine}; liblmdb reads it on such machines only`);
  }
  const reader = new MetaReader(bytes, fault);
  const version = reader.view.getUint32(META.version, true);
  if (version !== DATA_VERSION) {
    const maker = version === 2 ? ', which lmdb-js writes and liblmdb 0.9 refuses' : '';
    throw fault(META.version, `data format ${version}${maker}; only ${DATA_VERSION} can be read`);
  }
  const flags = reader.view.getUint16(PAGE.flags, true);
  if (flags !== META_PAGE) throw fault(PAGE.flags, `page flags ${flags}, not a meta page's`);
  if (reader.number(PAGE.number) !== number)
    throw fault(PAGE.number, `calls itself page ${reader.number(0)}`);
  const pageSize = reader.view.getUint32(META.pageSize, true);
  const validSize =
    pageSize >= SMALLEST_PAGE && pageSize <= LARGEST_PAGE && (pageSize & (pageSize - 1)) === 0;
  if (!validSize) throw fault(META.pageSize, `page size ${pageSize}`);
  const lastPage = reader.number(META.lastPage);
  if (lastPage < META_PAGES - 1 || lastPage >= 2 ** 32) throw fault(META.lastPage, `last page ${lastPage}`);
  const mapSize = reader.number(META.mapSize);
  if (mapSize > LARGEST_MAP) throw fault(META.mapSize, `a map of ${mapSize} bytes`);
  const transaction = reader.number(META.transaction);
  if (transaction !== 0 && transaction % META_PAGES !== number) {
    throw fault(META.transaction, `of transaction ${transaction}, which belongs to the other meta page`);
  }
  return {
    pageSize,
    mapSize,
    lastPage,
    transaction,
    freeTree: reader.tree(META.freeTree, lastPage),
    mainTree: reader.tree(META.mainTree, lastPage),
  };
}

class MetaReader {
  readonly view: DataView;
  readonly #fault: (offset: number, message: string) => DbmError;

  constructor(bytes: Uint8Array, fault: (offset: number, message: string) => DbmError) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fault = fault;
  }

  /** A 64-bit number. @throws DbmError when it is one that no file can need */
  number(offset: number): number {
    const value = Number(this.view.getBigUint64(offset, true));
    if (value > Number.MAX_SAFE_INTEGER) throw this.#fault(offset, `the number ${value}`);
    return value;
  }

  tree(at: number, lastPage: number): Tree {
    const { view } = this;
    const empty =
      view.getUint32(at + TREE.root, true) === NO_PAGE_HALF &&
      view.getUint32(at + TREE.root + 4, true) === NO_PAGE_HALF;
    const root = empty ? undefined : this.number(at + TREE.root);
    const depth = view.getUint16(at + TREE.depth, true);
    const entries = this.number(at + TREE.entries);
    if (root !== undefined && (root < META_PAGES || root > lastPage)) {
      throw this.#fault(at + TREE.root, `the root is page ${root} of ${lastPage + 1}`);
    }
    if (depth > DEEPEST || (depth === 0) !== empty)
      throw this.#fault(at + TREE.depth, `a tree ${depth} pages deep`);
    if (empty && entries !== 0) throw this.#fault(at + TREE.entries, `${entries} entries without a page`);
    return {
      flags: view.getUint16(at + TREE.flags, true),
      depth,
      branchPages: this.number(at + TREE.branchPages),
      leafPages: this.number(at + TREE.leafPages),
      overflowPages: this.number(at + TREE.overflowPages),
      entries,
      root,
    };
  }
}
