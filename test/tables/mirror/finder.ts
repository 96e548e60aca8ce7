import type { RecipientSink, Rejection } from '../../../src/ldap/types.ts';

/** Hands objects and what they give to a sink one by one. */
export class Finder {
  readonly #sink: RecipientSink;
  #objects = 0;
  /** Bytes handed over: of DNs, and of each selection's entries. */
  #dns = 0;
  #used = new Map<number, number>();

  constructor(sink: RecipientSink) {
    this.#sink = sink;
  }

  begin(mode: 'full' | 'delta'): void {
    this.#objects = 0;
    this.#dns = 0;
    this.#used.clear();
    this.#sink.begin(mode);
  }

  restart(selection: number): void {
    this.#used.delete(selection);
    this.#sink.restart(selection);
  }

  changed(id: Uint8Array, why: 'changed' | 'deleted'): void {
    this.#sink.changed(id, why);
  }

  object(id: Uint8Array, dn: string): void {
    const dns = Buffer.from(dn);
    const start = this.#dns;
    this.#dns += dns.length;
    this.#objects++;
    const dnStart = Uint32Array.of(start);
    this.#sink.objects({ count: 1, ids: id, dns, dnStart, dnEnd: Uint32Array.of(this.#dns) });
  }

  entry(selection: number, key: string, value: string): void {
    const pool = Buffer.from(key + value);
    const start = this.#used.get(selection) ?? 0;
    const middle = Uint32Array.of(start + Buffer.byteLength(key));
    const end = start + pool.length;
    this.#used.set(selection, end);
    this.#sink.entries(selection, {
      count: 1,
      pool,
      keyStart: Uint32Array.of(start),
      keyEnd: middle,
      valueStart: middle,
      valueEnd: Uint32Array.of(end),
      object: Uint32Array.of(this.#objects - 1),
    });
  }

  rejected(selection: number, rejection: Rejection): void {
    this.#sink.rejected(selection, this.#objects - 1, rejection);
  }
}
