import type { RecipientSink, Rejection } from '../../../src/ldap/types.ts';

/** What an object gives: `key: value`, or what was refused, by selection. */
type Contributions = Map<number, string[]>;

/** Keeps what objects give from one extraction to the next, in the plainest way that the contract of a sink allows. */
export class MemorySink implements RecipientSink {
  /** Of extractions that have resolved, by id. */
  #settled = new Map<string, Contributions>();
  #objects = new Map<string, Contributions>();
  #object = '';
  readonly #dns = new Map<string, string>();
  readonly #restarted = new Set<number>();
  #mode: 'full' | 'delta' = 'full';
  /** Which selection has had this visit's first entry. */
  #visited = new Set<number>();
  readonly deleted: string[] = [];
  readonly changes: string[] = [];
  begins: string[] = [];

  begin(mode: 'full' | 'delta'): void {
    this.begins.push(mode);
    this.#mode = mode;
    this.#restarted.clear();
    this.deleted.length = 0;
    this.changes.length = 0;
    this.#objects =
      mode === 'full' ? new Map() : new Map([...this.#settled].map(([id, given]) => [id, new Map(given)]));
  }

  restart(selection: number): void {
    this.#restarted.add(selection);
    for (const given of this.#objects.values()) given.delete(selection);
  }

  changed(id: Uint8Array, why: 'changed' | 'deleted'): void {
    const key = Buffer.from(id).toString('hex');
    (why === 'deleted' ? this.deleted : this.changes).push(key);
    for (const selection of [...(this.#objects.get(key)?.keys() ?? [])]) {
      const stands = this.#mode === 'delta' && this.#restarted.has(selection);
      if (!stands) this.#objects.get(key)?.delete(selection);
    }
  }

  object(id: Uint8Array, bytes: Uint8Array, dnStart: number, dnEnd: number): void {
    this.#object = Buffer.from(id).toString('hex');
    this.#dns.set(this.#object, Buffer.from(bytes.subarray(dnStart, dnEnd)).toString('utf8'));
    this.#visited = new Set();
  }

  entry(
    selection: number,
    bytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    const text = (start: number, end: number) => Buffer.from(bytes.subarray(start, end)).toString('latin1');
    this.#give(selection, `${text(keyStart, keyEnd)}: ${text(valueStart, valueEnd)}`);
  }

  entries(
    selection: number,
    bytes: Uint8Array,
    keyStart: Int32Array,
    keyEnd: Int32Array,
    from: number,
    to: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    for (let i = from; i < to; i++) {
      if (i > from && keyStart[i] !== keyEnd[i - 1]) throw new Error('the keys do not lie side by side');
      this.entry(selection, bytes, keyStart[i], keyEnd[i], valueStart, valueEnd);
    }
  }

  rejected(selection: number, { value, reason }: Rejection): void {
    this.#give(selection, `refused ${value}: ${reason}`);
  }

  /** The extraction has resolved: what it gave stands. */
  settle(): void {
    this.#settled = this.#objects;
  }

  /** What all objects give: `selection id key: value`, and perhaps the DN in front of the key; sorted. */
  contents(withDns = false): string[] {
    const lines: string[] = [];
    for (const [id, given] of this.#settled) {
      const name = withDns ? `${id} ${this.#dns.get(id)}` : id;
      for (const [selection, entries] of given) {
        for (const entry of entries) lines.push(`${selection} ${name} ${entry}`);
      }
    }
    return lines.sort();
  }

  #give(selection: number, text: string): void {
    let given = this.#objects.get(this.#object);
    if (given === undefined) {
      given = new Map();
      this.#objects.set(this.#object, given);
    }
    // Of two visits, the later counts.
    const before = this.#visited.has(selection) ? (given.get(selection) ?? []) : [];
    this.#visited.add(selection);
    given.set(selection, [...before, text]);
  }
}
