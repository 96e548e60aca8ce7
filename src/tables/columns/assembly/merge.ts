import { compareKeys, keyLength, wordOf } from './keys';

/**
 * Where a run is: sixteen bytes of its next key as two numbers; the address of that entry's number, where these numbers end, and the
 * address of its words, which stand in the same way for each of them.
 */
const HEAD: u32 = 32;
const NEXT: u32 = 16;
const END: u32 = 20;
const NEXT_WORDS: u32 = 24;
/** Either word of a run that has come to its end. */
const NOTHING: u64 = ~(<u64>0);

let runs: u32 = 0;
let heads: u32 = 0;
/** The tree of a tournament: at 0 the run that wins, and at every other node the one that loses there. */
let tree: u32 = 0;
/** How many bytes all keys begin with in common. */
let depth: u32 = 0;
let repeats: bool = false;

/** Writes sixteen bytes of the keys of some entries as two numbers each, from byte `from` on, which they have or end before. */
export function takeWords(order: u32, count: u32, from: u32, out: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const entry = load<u32>(order + (i << 2));
    const words = out + (i << 4);
    store<u64>(words, wordOf(entry, from));
    store<u64>(words, keyLength(entry) > from + 8 ? wordOf(entry, from + 8) : 0, 8);
  }
}

/** What merging `count` runs needs as `room`, in bytes. */
export function mergingRoom(count: u32): u32 {
  return count * (HEAD + 4);
}

/** Sets out to merge `count` runs, whose keys all agree in `from` bytes. */
export function setRuns(count: u32, from: u32, room: u32): void {
  runs = count;
  heads = room;
  tree = room + count * HEAD;
  depth = from;
  repeats = false;
}

/** Where the numbers of a run are, how many, and their words. */
export function setRun(run: u32, order: u32, count: u32, words: u32): void {
  const head = heads + run * HEAD;
  store<u32>(head, order, NEXT);
  store<u32>(head, order + (count << 2), END);
  store<u32>(head, words, NEXT_WORDS);
  takeHead(head);
}

/** To be called when all runs are set. */
export function beginMerge(): void {
  store<u32>(tree, winnerOf(1));
}

function takeHead(head: u32): void {
  const isThere = load<u32>(head, NEXT) !== load<u32>(head, END);
  const words = load<u32>(head, NEXT_WORDS);
  store<u64>(head, isThere ? load<u64>(words) : NOTHING);
  store<u64>(head, isThere ? load<u64>(words, 8) : NOTHING, 8);
}

/** Holds the tournament below a node, whose runs stand behind the nodes. */
function winnerOf(node: u32): u32 {
  if (node >= runs) return node - runs;
  const a = winnerOf(2 * node);
  const b = winnerOf(2 * node + 1);
  const wins = isBefore(a, b);
  store<u32>(tree + (node << 2), wins ? b : a);
  return wins ? a : b;
}

/** Whether the next entry of run `a` comes before that of run `b`. */
function isBefore(a: u32, b: u32): bool {
  const headA = heads + a * HEAD;
  const headB = heads + b * HEAD;
  const firstA = load<u64>(headA);
  const firstB = load<u64>(headB);
  if (firstA !== firstB) return firstA < firstB;
  const secondA = load<u64>(headA, 8);
  const secondB = load<u64>(headB, 8);
  return secondA === secondB ? isBeforeBehind(a, b) : secondA < secondB;
}

function isBeforeBehind(a: u32, b: u32): bool {
  const headA = heads + a * HEAD;
  const headB = heads + b * HEAD;
  const nextA = load<u32>(headA, NEXT);
  const nextB = load<u32>(headB, NEXT);
  if (nextB === load<u32>(headB, END)) return true;
  if (nextA === load<u32>(headA, END)) return false;
  const order = compareKeys(load<u32>(nextA), load<u32>(nextB), depth);
  if (order === 0) repeats = true;
  return order < 0 || (order === 0 && a < b);
}

/** Writes the next `count` numbers of all runs, of which so many have to be left, and their words. */
export function mergeSome(count: u32, order: u32, words: u32): void {
  let winner = load<u32>(tree);
  for (let i: u32 = 0; i < count; i++) {
    const head = heads + winner * HEAD;
    const next = load<u32>(head, NEXT);
    store<u32>(order + (i << 2), load<u32>(next));
    v128.store(words + (i << 4), v128.load(head));
    store<u32>(head, next + 4, NEXT);
    store<u32>(head, load<u32>(head, NEXT_WORDS) + 16, NEXT_WORDS);
    takeHead(head);
    for (let node = (winner + runs) >> 1; node > 0; node >>= 1) {
      const loser = load<u32>(tree + (node << 2));
      if (isBefore(winner, loser)) continue;
      store<u32>(tree + (node << 2), winner);
      winner = loser;
    }
  }
  store<u32>(tree, winner);
}

/** 0 where no key was met in two runs. */
export function repeatsMet(): u32 {
  return <u32>repeats;
}
