import { DirectOutput } from '../direct-output.ts';
import type { Pairs } from '../pairs.ts';
import { type Share, TableGroups } from '../table-groups.ts';
import { type WrittenRecords, WrittenTable } from '../written-table.ts';
import { loopsIn } from './loops.ts';
import { type FilePlan, RecordWriter } from './record-writer.ts';

/** Writes a share of a table's records into a file that is open, from `position` on: another thread's memory is this one's, too. */
export interface RecordsJob extends FilePlan {
  readonly kind: 'records';
  readonly pairs: Pairs;
  readonly descriptor: number;
  readonly position: number;
  readonly share: Share;
  readonly readBack: boolean;
}

export interface RecordsResult {
  readonly records: WrittenRecords;
  /** How many chains have a head that leads to one of them. */
  readonly chainsMet: number;
}

/** @throws DbmError, MemoryFullError, or the operating system's error */
export function writeRecords(job: RecordsJob): RecordsResult {
  const table = new TableGroups(job.pairs, loopsIn);
  const { memory, loops } = table;
  const written = new WrittenTable(job.path, memory, loops);
  const output = new DirectOutput(job.descriptor, (bytes) => memory.bytes(memory.reserve(bytes), bytes));
  const writer = new RecordWriter(job, table, written, written.stream(output, job.position));
  for (const _ of writer.write(job.share));
  if (job.readBack) written.compare();
  return { records: written.records, chainsMet: loops.chainsMet() };
}
