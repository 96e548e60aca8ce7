export { addIds } from './ids';

/**
 * Puts the numbers of `count` entries in the order of their objects, those of one object in their own order. `objects` has the number of
 * each entry's object; to `starts`, which is zeros, goes where the entries of each object begin, and behind the last where they end.
 */
export function groupByObject(objects: u32, count: u32, starts: u32, objectCount: u32, entries: u32): void {
  const objectsEnd = objects + (count << 2);
  for (let at = objects; at < objectsEnd; at += 4) {
    const start = starts + (load<u32>(at) << 2);
    store<u32>(start, load<u32>(start) + 1);
  }
  let end: u32 = 0;
  const last = starts + (objectCount << 2);
  for (let at = starts; at <= last; at += 4) {
    end += load<u32>(at);
    store<u32>(at, end);
  }
  // From the last on, so that each beginning ends up where it belongs.
  let at = objectsEnd;
  for (let entry = count; entry > 0; ) {
    at -= 4;
    entry--;
    const start = starts + (load<u32>(at) << 2);
    const place = load<u32>(start) - 1;
    store<u32>(start, place);
    store<u32>(entries + (place << 2), entry);
  }
}
