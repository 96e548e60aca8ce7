import { contentsEnd, enter } from './entry';

const SEQUENCE: u32 = 0x30;
const INTEGER: u32 = 0x02;
const SEARCH_RESULT_ENTRY: u32 = 0x64;

let passed: u32 = 0;

/** How many messages `passEntries` passed over. */
export function entriesPassed(): u32 {
  return passed;
}

/**
 * Passes over whole LDAP messages that are entries found by a search. Offsets are from `base`.
 *
 * @param id of the search's request
 * @returns where the first message begins that is anything else, or not whole
 */
export function passEntries(base: u32, from: u32, until: u32, id: u32): u32 {
  const end = base + until;
  let at = base + from;
  passed = 0;
  for (;;) {
    const message = enter(at, end, SEQUENCE);
    if (message === 0) break;
    const messageEnd = contentsEnd;
    const idStart = enter(message, messageEnd, INTEGER);
    const idEnd = contentsEnd;
    if (idStart === 0 || idEnd - idStart - 1 >= 4 || numberAt(idStart, idEnd) !== id) break;
    if (enter(idEnd, messageEnd, SEARCH_RESULT_ENTRY) === 0) break;
    at = messageEnd;
    passed++;
  }
  return at - base;
}

function numberAt(from: u32, to: u32): u32 {
  let number: u32 = 0;
  for (let at = from; at < to; at++) number = (number << 8) | load<u8>(at);
  return number;
}
