import { type BerWriter, Filter as LdaptsFilter, SearchFilter } from 'ldapts';
import type { Filter } from '../../src/ldap/filter.ts';
import { encodeFilter } from '../../src/ldap/filter-ber.ts';
import { filterText } from './random-filters.ts';

/** A filter in our encoding, for ldapts. */
export class Encoded extends LdaptsFilter {
  readonly type = SearchFilter.and;
  readonly #filter: Filter;

  constructor(filter: Filter) {
    super();
    this.#filter = filter;
  }

  override write(writer: BerWriter): void {
    for (const byte of encodeFilter(this.#filter)) writer.writeByte(byte);
  }

  override toString(): string {
    return filterText(this.#filter);
  }
}
