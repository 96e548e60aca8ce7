import { closeSync, openSync, writeSync } from 'node:fs';

const FIRST =
  'james mary john patricia robert jennifer michael linda william elizabeth david barbara richard susan'.split(
    ' ',
  );
const LAST =
  'smith jones taylor brown williams wilson johnson davies robinson wright thompson evans walker white'.split(
    ' ',
  );

/** How an alias file can be written. */
export type Layout = (key: string, value: string) => string;
/** As exim_dbmbuild reads it. */
export const datLayout: Layout = (key, value) => `${key}: ${value}\n`;
/** As `db_load -T` does, key and value in turn. */
export const loadLayout: Layout = (key, value) => `${key}\n${value}\n`;
/** As `mdb_load` does, behind a header. */
export const dumpLayout: Layout = (key, value) => ` ${key}\n ${value}\n`;
/** As `postmap` and `cdb -c -m` do. */
export const mapLayout: Layout = (key, value) => `${key} ${value}\n`;

/** Writes `count` aliases, about 48 bytes a line in a `.dat`, in no order, the same ones every time. */
export function writeAliases(path: string, count: number, layout: Layout): void {
  const file = openSync(path, 'w');
  let seed = 12345;
  const random = (below: number) => {
    seed = Math.imul(seed, 1103515245) + 12345;
    return ((seed >>> 8) * below) >>> 24;
  };
  let text = '';
  for (let i = 0; i < count; i++) {
    const first = FIRST[random(FIRST.length)];
    const last = LAST[random(LAST.length)];
    text += layout(`${first}.${last}${i}@ox.ac.uk`, `${first[0]}${last[0]}${1000 + i}@ox.ac.uk`);
    if (text.length > 1 << 20 || i === count - 1) {
      writeSync(file, text);
      text = '';
    }
  }
  closeSync(file);
}
