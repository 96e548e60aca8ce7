import { extract } from '../../../src/ldap/extract.ts';
import type {
  Cursor,
  DirectorySettings,
  Extraction,
  ExtractOptions,
  Selection,
} from '../../../src/ldap/types.ts';
import { MemorySink } from './memory-sink.ts';

/** What the test's directories route: mailboxes here, mailboxes elsewhere. */
export const selections: readonly Selection[] = [
  {
    filter: '(&(proxyAddresses=*)(mailNickname=*)(!(targetAddress=*)))',
    key: [{ name: 'address' }],
    value: [{ name: 'primary' }],
    domains: undefined,
  },
  {
    filter: '(&(proxyAddresses=*)(targetAddress=*))',
    key: [{ name: 'address' }],
    value: [{ name: 'targetAddress' }],
    domains: undefined,
  },
];

/** One extraction after the other, each going on from where the last one ended. */
export class Runs {
  readonly sink: MemorySink;
  cursor: Cursor | undefined;
  readonly #settings: DirectorySettings;
  readonly #selections: readonly Selection[];

  /** @param before those that these go on from */
  constructor(settings: DirectorySettings, some: readonly Selection[] = selections, before?: Runs) {
    this.#settings = settings;
    this.#selections = some;
    this.sink = before?.sink ?? new MemorySink();
    this.cursor = before?.cursor;
  }

  async next(options: ExtractOptions = {}): Promise<Extraction> {
    const since = this.cursor;
    const extraction = await extract(this.#settings, this.#selections, this.sink, { since, ...options });
    this.sink.settle();
    this.cursor = extraction.cursor;
    return extraction;
  }

  /** What the extractions have come to: `selection id key: value`, sorted. */
  get contents(): string[] {
    return this.sink.contents(this.#withDns);
  }

  /** Times don't tell what happened within the same second: a unit that is renamed twice in it has the DNs below it left behind. */
  get #withDns(): boolean {
    return this.cursor?.kind !== 'timestamp';
  }

  /** The same by one search of everything, now. */
  async fresh(): Promise<string[]> {
    const sink = new MemorySink();
    await extract({ ...this.#settings, delta: 'none' }, this.#selections, sink);
    sink.settle();
    return sink.contents(this.#withDns);
  }
}
