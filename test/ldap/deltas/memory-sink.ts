import type { FoundEntries, FoundObjects, RecipientSink, Rejection } from '../../../src/ldap/types.ts';
import { FoundTexts } from '../found-texts.ts';

/** What an object gives: `key: value`, or what was refused, by selection. */
type Contributions = Map<number, string[]>;

/** Keeps what objects give from one extraction to the next, in the plainest way that the contract of a sink allows. */
export class MemorySink implements RecipientSink {
  /** Of extractions that have resolved, by id. */
  #settled = new Map<string, Contributions>();
  #objects = new Map<string, Contributions>();
  readonly #dns = new Map<string, string>();
  readonly #restarted = new Set<number>();
  #mode: 'full' | 'delta' = 'full';
  /** Each object that came, and which selections have had its first entry. */
  #visits: { readonly id: string; readonly given: Set<number> }[] = [];
  readonly #texts = new FoundTexts();
  readonly deleted: string[] = [];
  readonly changes: string[] = [];
  begins: string[] = [];

  begin(mode: 'full' | 'delta'): void {
    this.begins.push(mode);
    this.#mode = mode;
    this.#visits = [];
    this.#texts.forget();
    this.#restarted.clear();
    this.deleted.length = 0;
    this.changes.length = 0;
    this.#objects =
      mode === 'full' ? new Map() : new Map([...this.#settled].map(([id, given]) => [id, new Map(given)]));
  }

  restart(selection: number): void {
    this.#restarted.add(selection);
    this.#texts.forget(selection);
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

  objects({ count, ids, dns, dnStart, dnEnd }: FoundObjects): void {
    for (let i = 0; i < count; i++) {
      const id = Buffer.from(ids.subarray(i * 16, i * 16 + 16)).toString('hex');
      this.#visits.push({ id, given: new Set() });
      const from = dnStart[i] - dnStart[0];
      this.#dns.set(id, Buffer.from(dns.subarray(from, from + dnEnd[i] - dnStart[i])).toString('utf8'));
    }
  }

  entries(selection: number, entries: FoundEntries): void {
    for (const { object, key, value } of this.#texts.read(selection, entries))
      this.#give(selection, object, `${key}: ${value}`);
  }

  rejected(selection: number, object: number, { value, reason }: Rejection): void {
    this.#give(selection, object, `refused ${value}: ${reason}`);
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

  #give(selection: number, object: number, text: string): void {
    const { id, given: before } = this.#visits[object];
    const given = this.#objects.get(id) ?? new Map<number, string[]>();
    this.#objects.set(id, given);
    // Of two visits, the later counts.
    const texts = before.has(selection) ? (given.get(selection) ?? []) : [];
    before.add(selection);
    given.set(selection, [...texts, text]);
  }
}
