import { compareKeys, wordOf } from './keys';

/**
 * Where a run is: eight bytes of its next key as a number; the address of that entry's number, where these numbers end, and the address
 * of such a word for each of them, at which it is now.
 */
const HEAD: u32 = 24;
const NEXT: u32 = 8;
const END: u32 = 12;
const NEXT_WORD: u32 = 16;
/** The word of a run that has come to its end. */
const NOTHING: u64 = ~(<u64>0);

let runs: u32 = 0;
let heads: u32 = 0;
/** The tree of a tournament: at 0 the run that wins, and at every other node the one that loses there. */
let tree: u32 = 0;
/** How many bytes all keys begin with in common. */
let depth: u32 = 0;
let repeats: bool = false;

/** Writes eight bytes of the keys of some entries as numbers, from byte `from` on. */
export function takeWords(order: u32, count: u32, from: u32, out: u32): void {
  for (let i: u32 = 0; i < count; i++) store<u64>(out + (i << 3), wordOf(load<u32>(order + (i << 2)), from));
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
  store<u32>(head, words, NEXT_WORD);
  takeHead(head);
}

/** To be called when all runs are set. */
export function beginMerge(): void {
  store<u32>(tree, winnerOf(1));
}

function takeHead(head: u32): void {
  const isThere = load<u32>(head, NEXT) !== load<u32>(head, END);
  store<u64>(head, isThere ? load<u64>(load<u32>(head, NEXT_WORD)) : NOTHING);
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
  const wordA = load<u64>(heads + a * HEAD);
  const wordB = load<u64>(heads + b * HEAD);
  return wordA === wordB ? isBeforeBehind(a, b) : wordA < wordB;
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
    store<u64>(words + (i << 3), load<u64>(head));
    store<u32>(head, next + 4, NEXT);
    store<u32>(head, load<u32>(head, NEXT_WORD) + 8, NEXT_WORD);
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
