import { DbmError } from '../error.ts';
import type { WriteOptions } from '../format.ts';
import { firstInHashOrder } from '../in-hash-order.ts';
import type { Output } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import { beside, type SecondThread } from '../second-thread/second-thread.ts';
import { inLoopStretches } from '../stretches.ts';
import { FIRST_HALF, SECOND_HALF, TableGroups, WHOLE } from '../table-groups.ts';
import { withRoom } from '../with-room.ts';
import { WrittenTable } from '../written-table.ts';
import { WrongRecordError } from '../wrong-record.ts';
import { TdbFile } from './file.ts';
import { headerBytes } from './header.ts';
import { chainHead, LARGEST_FILE, LARGEST_HASH_SIZE, SMALLEST_HASH_SIZE } from './layout.ts';
import { type Loops, loopsIn } from './loops.ts';
import { type FilePlan, RecordWriter } from './record-writer.ts';

/**
 * `Format.write` for tdb: as many chains as entries, so that a lookup reads one record or two, and each chain's records
 * one after the other, in the order of the chains.
 */
export async function writeTdb(path: string, pairs: Pairs, options: WriteOptions = {}): Promise<void> {
  const terminated = options.terminated ?? true;
  const table = withRoom(path, () => new TableGroups(pairs, loopsIn));
  const hashSize = hashSizeOf(pairs.count);
  let size = chainHead(hashSize);
  inLoopStretches(pairs.count, (from, to) => {
    const [keyStart, keyEnd, valueStart, valueEnd] = table.columns.map((column) => column + 4 * from);
    const nul = terminated ? 1 : 0;
    size += Number(table.loops.measureRecords(keyStart, keyEnd, valueStart, valueEnd, to - from, nul));
  });
  if (size > LARGEST_FILE) {
    throw new DbmError(path, `the table needs ${size} bytes; a tdb file has at most ${LARGEST_FILE}`);
  }
  await new Writer(path, table, hashSize, terminated).write(options);
}

/** As many chains as entries. An even number would leave the hash's lowest bit with too much to say. */
function hashSizeOf(entries: number): number {
  return Math.min(LARGEST_HASH_SIZE, Math.max(SMALLEST_HASH_SIZE, entries | 1));
}

class Writer {
  readonly #path: string;
  readonly #table: TableGroups<Loops>;
  readonly #hashSize: number;
  readonly #nul: 0 | 1;
  readonly #written: WrittenTable;

  constructor(path: string, table: TableGroups<Loops>, hashSize: number, terminated: boolean) {
    this.#path = path;
    this.#table = table;
    this.#hashSize = hashSize;
    this.#nul = terminated ? 1 : 0;
    this.#written = new WrittenTable(path, table.memory, table.loops);
  }

  async write(options: WriteOptions): Promise<void> {
    await this.#written.create(
      (output) => this.#fill(output, options),
      (path) => new TdbFile(path, { terminated: this.#nul === 1 }),
      options,
    );
  }

  /** The header comes last: a file that was left half-written has none. */
  async #fill(output: Output, { readBack = false, second }: WriteOptions): Promise<void> {
    const { memory, loops } = this.#table;
    const plan = this.#plan();
    const { heads, hashSize } = plan;
    const chainsMet = second?.isReady
      ? await this.#writeHalves(output, plan, second, readBack)
      : await this.#writeAll(output, plan);
    if (loops.fullHeads() !== chainsMet) throw new WrongRecordError(chainHead(0));
    const first = this.#written.stream(output, chainHead(0));
    first.put(memory.bytes(heads, 4 * hashSize));
    first.end();

    await output.settle();
    const header = this.#written.stream(output, 0);
    header.put(headerBytes(hashSize));
    header.end();
  }

  #plan(): FilePlan {
    const { memory, loops, count } = this.#table;
    const hashSize = this.#hashSize;
    const hashes = memory.reserve(4 * count);
    const chains = memory.reserve(4 * count);
    inLoopStretches(count, (from, to) => {
      loops.hashKeys(from, to, this.#nul, hashes);
      loops.chainsOf(hashes + 4 * from, to - from, hashSize, chains + 4 * from);
    });
    const heads = memory.reserve(4 * hashSize);
    return { path: this.#path, nul: this.#nul, hashes, chains, heads, hashSize };
  }

  /** @returns how many chains have records */
  async #writeAll(output: Output, plan: FilePlan, share = WHOLE): Promise<number> {
    const { hashSize } = plan;
    const stream = this.#written.stream(output, chainHead(hashSize));
    const writer = new RecordWriter(plan, this.#table, this.#written, stream);
    for (const _ of writer.write(share)) if (output.full) await output.room();
    return this.#table.loops.chainsMet();
  }

  async #writeHalves(
    output: Output,
    plan: FilePlan,
    second: SecondThread,
    readBack: boolean,
  ): Promise<number> {
    const half = second.records(this.#path, {
      ...plan,
      kind: 'records',
      pairs: this.#table.pairs,
      descriptor: output.descriptor,
      position: this.#secondHalf(plan),
      share: SECOND_HALF,
      readBack,
    });
    let ownChains = 0;
    const { records, chainsMet } = await beside(half, async () => {
      ownChains = await this.#writeAll(output, plan, FIRST_HALF);
      await output.settle();
      if (readBack) this.#written.compare();
    });
    this.#written.take(records);
    return ownChains + chainsMet;
  }

  /** Where in the file the second half of the records begins. */
  #secondHalf({ chains, hashes, hashSize }: FilePlan): number {
    const { loops, columns, count } = this.#table;
    const first = firstInHashOrder(this.#table, chains, hashes, hashSize, SECOND_HALF);
    let position = chainHead(hashSize);
    inLoopStretches(count, (from, to) => {
      const [keyStart, keyEnd, valueStart, valueEnd] = columns.map((column) => column + 4 * from);
      const entries = [keyStart, keyEnd, valueStart, valueEnd, to - from, this.#nul] as const;
      position += Number(loops.measureBefore(...entries, chains + 4 * from, first));
    });
    return position;
  }
}
