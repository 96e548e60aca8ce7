import {
  type BerWriter,
  type Control,
  Filter,
  PagedResultsControl,
  SearchFilter,
  SearchRequest,
} from 'ldapts';

export interface SearchParameters {
  readonly base: string;
  readonly scope: 'base' | 'one' | 'sub';
  /** Encoded, as `encodeFilter` makes it. */
  readonly filter: Buffer;
  readonly attributes: readonly string[];
  /** Seconds the server may take for an answer; 0 for as long as it allows. */
  readonly timeLimit: number;
  /** Entries a page; without it the answer comes in one piece. */
  readonly pageSize?: number;
  readonly sizeLimit?: number;
  readonly controls?: readonly Control[];
  /** Result codes that end the search as well as success does. */
  readonly tolerated?: readonly number[];
}

/** A filter that is encoded already. */
class EncodedFilter extends Filter {
  readonly type = SearchFilter.and;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    super();
    this.#bytes = bytes;
  }

  override write(writer: BerWriter): void {
    for (const byte of this.#bytes) writer.writeByte(byte);
  }

  override toString(): string {
    return this.#bytes.toString('hex');
  }
}

/** @param cookie what the page before ended with */
export function encodeSearch(
  messageId: number,
  parameters: SearchParameters,
  cookie: Buffer | undefined,
): Buffer {
  const { base, scope, filter, attributes, timeLimit, sizeLimit, pageSize } = parameters;
  const controls = [...(parameters.controls ?? [])];
  if (pageSize !== undefined) {
    const value = cookie === undefined ? { size: pageSize } : { size: pageSize, cookie };
    controls.push(new PagedResultsControl({ critical: true, value }));
  }
  return new SearchRequest({
    messageId,
    baseDN: base,
    scope,
    derefAliases: 'never',
    sizeLimit: sizeLimit ?? 0,
    timeLimit,
    filter: new EncodedFilter(filter),
    attributes: [...attributes],
    controls,
  }).write();
}
