import type { Pairs } from './pairs.ts';

const orders = new WeakMap<Pairs, Uint32Array>();

/** Keeps the order in which a file was written from a table, each entry once: reading it back begins with a guess. */
export function rememberOrder(pairs: Pairs, order: Uint32Array): void {
  orders.set(pairs, order);
}

/** The order in which the last file was written from `pairs`, if one was. */
export function recallOrder(pairs: Pairs): Uint32Array | undefined {
  return orders.get(pairs);
}
