/** A table as `crossCheck` is given it, in the plainest form. */
export interface PlainTable {
  readonly name: string;
  readonly role: 'addresses' | 'lists' | 'domains';
  readonly pointsAtItself: boolean;
  readonly entries: ReadonlyMap<string, string>;
}

/** What the cross-checks have to find, worked out entry by entry. All is ASCII, and no domain is a wildcard. */
export class PlainCrossChecks {
  readonly #tables: readonly PlainTable[];
  readonly #domains: PlainTable | undefined;
  readonly #whole: boolean;
  readonly #found = new Map<string, { check: string; table: string; message: string; texts: string[] }>();
  readonly #cycles = new Set<string>();

  /** @param whole everything is asked about, not what the entries of some tables bring */
  constructor(tables: readonly PlainTable[], whole: boolean) {
    this.#tables = tables;
    this.#domains = tables.find(({ role }) => role === 'domains');
    this.#whole = whole;
  }

  /** @param asked the tables of which all entries are new */
  of(asked: readonly PlainTable[]): object[] {
    for (const table of asked) {
      if (table.role === 'domains') continue;
      const keys = [...table.entries.keys()].sort();
      this.#shared(table, keys);
      for (const key of keys) {
        const isElsewhere = this.#domains !== undefined && key.includes('@') && !this.#isLocal(key);
        const message = `in a domain that ${this.#domains?.name} does not have, so the mail does not come here`;
        if (isElsewhere) this.#find('not_local', table, message, key);
      }
      for (const key of keys) this.#follow(table, key);
    }
    this.#empty(asked);
    return [...this.#found.values()].map(({ check, table, message, texts }) => {
      const noun = check === 'empty_domains' ? ['domain', 'domains'] : ['address', 'addresses'];
      const examples = texts.slice(0, 5);
      const list = [...examples, ...(texts.length > 5 ? ['...'] : [])].join(', ');
      const count = texts.length;
      return {
        check,
        table,
        message: `${message}: ${count} ${noun[count === 1 ? 0 : 1]} (${list})`,
        count,
        examples,
      };
    });
  }

  #find(check: string, { name }: PlainTable, message: string, text: string): void {
    const found = this.#found.get(`${check} ${name} ${message}`);
    if (found !== undefined) found.texts.push(text);
    else this.#found.set(`${check} ${name} ${message}`, { check, table: name, message, texts: [text] });
  }

  #shared(table: PlainTable, keys: readonly string[]): void {
    const at = this.#tables.indexOf(table);
    for (const [i, other] of this.#tables.entries()) {
      if (other === table || other.role === 'domains' || (this.#whole && i > at)) continue;
      const [first, second] = i < at ? [other, table] : [table, other];
      const [lists, people] = table.role === 'lists' ? [table, other] : [other, table];
      const isShadowed = table.role !== other.role;
      const what = isShadowed
        ? `a list in ${lists.name} and a person in ${people.name}`
        : `in ${first.name} and ${second.name}`;
      for (const key of keys) {
        if (!other.entries.has(key)) continue;
        this.#find(
          isShadowed ? 'shadowed' : 'duplicates',
          table,
          `${what}, and Exim takes ${first.name}`,
          key,
        );
      }
    }
  }

  #empty(asked: readonly PlainTable[]): void {
    const domains = this.#domains;
    if (domains === undefined || !asked.includes(domains)) return;
    const used = new Set<string>();
    for (const { role, entries } of this.#tables)
      if (role !== 'domains')
        for (const key of entries.keys()) if (key.includes('@')) used.add(domainOf(key));
    for (const domain of [...domains.entries.keys()].sort())
      if (!used.has(domain)) this.#find('empty_domains', domains, 'without an address in any table', domain);
  }

  #follow(table: PlainTable, start: string): void {
    const value = table.entries.get(start) ?? '';
    if (!this.#isLocal(start) || !this.#isLocal(value)) return;
    const chain = [start];
    while (chain.length <= 32) {
      const key = chain[chain.length - 1];
      const taken = this.#tables.find(({ role, entries }) => role !== 'domains' && entries.has(key));
      if (taken === undefined) return;
      const next = (taken.entries.get(key) ?? '').toLowerCase();
      if (next.includes(',') || !next.includes('@')) return;
      if (next === key) {
        if (!taken.pointsAtItself && chain.length === 1)
          this.#find('loops', table, 'passed on to itself', key);
        return;
      }
      const back = chain.indexOf(next);
      if (back >= 0) {
        const name = chain.slice(back).sort().join(' ');
        const isTold = back === 0 && this.#cycles.has(name);
        this.#cycles.add(name);
        if (!isTold && (back === 0 || !this.#whole))
          this.#find('loops', table, 'passed on in a loop', [...chain, next].join(' -> '));
        return;
      }
      if (!this.#isLocal(next)) return;
      chain.push(next);
    }
    this.#find('loops', table, 'passed on more than 32 times', `${start} -> ${chain[1]} -> ...`);
  }

  #isLocal(address: string): boolean {
    if (this.#domains === undefined) return true;
    return address.includes('@') && this.#domains.entries.has(domainOf(address));
  }
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}
