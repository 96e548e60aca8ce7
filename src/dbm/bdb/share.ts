import { DirectOutput } from '../direct-output.ts';
import { OutputStream } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import type { Share } from '../table-groups.ts';
import { BucketPages, type FilePlan } from './bucket-pages.ts';
import { type BucketPlaces, KeptPlaces } from './bucket-places.ts';
import { TableBuckets } from './table-buckets.ts';
import { WrittenPages, type WrittenShare } from './written-pages.ts';

/** A table whose keys another thread has hashed, or hashes: that one's memory is this one's, too. */
export interface HashedTable {
  readonly pairs: Pairs;
  readonly terminated: boolean;
  /** Address of a number a key. */
  readonly numbers: number;
}

/** Hashes a share of a table's keys. */
export interface HashJob extends HashedTable {
  readonly kind: 'hash';
  readonly share: Share;
}

/** Writes a share of a table's buckets, which are assigned, into a file that is open. */
export interface ShareJob extends HashedTable, FilePlan {
  readonly kind: 'share';
  readonly descriptor: number;
  readonly share: Share;
  readonly readBack: boolean;
}

export interface ShareResult {
  readonly written: WrittenShare;
  /** Whose pages are left out, since those behind the first have the numbers that another share leaves. */
  readonly large: readonly BucketPlaces[];
}

export function hashShare({ pairs, terminated, numbers, share }: HashJob): void {
  new TableBuckets(pairs, terminated, numbers).hashKeys(share);
}

/** @throws DbmError, MemoryFullError, or the operating system's error */
export function writeShare(job: ShareJob): ShareResult {
  const { pageSize } = job;
  const table = new TableBuckets(job.pairs, job.terminated, job.numbers);
  const written = new WrittenPages(job.path, table, pageSize);
  const output = new DirectOutput(job.descriptor, (bytes) => table.room(bytes));
  const stream = new OutputStream(output, 0, (bytes, position) => written.note(bytes, position));
  const large = new KeptPlaces(table.memory);
  const pages = new BucketPages(job, table, written, stream, (places) => {
    large.keep(places);
    stream.goTo(pageSize * (places.bucket + 2));
  });
  for (const group of table.groups(job.buckets, job.share)) {
    stream.goTo(pageSize * (group.first + 1));
    for (let done = 0; done < group.buckets; ) done += pages.write(group, done);
  }
  stream.end();
  if (job.readBack) written.compare();
  return { written: written.share, large: large.buckets };
}
