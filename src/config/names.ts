import { collisions } from './outputs.ts';
import type { Finding } from './rule.ts';

const safe = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
// A file name has at most 255 bytes, and the longest of a table's files adds to its name.
const longest = 200;

/** What is wrong with the names of the directories and tables, and with the files that tables share. */
export function* checkNames(
  directories: readonly string[],
  sections: Readonly<Record<'tables' | 'combined' | 'grace', readonly string[]>>,
): Iterable<Finding> {
  yield* directories.flatMap((name) => checkName('directory', name));
  for (const [section, names] of Object.entries(sections)) {
    yield* names.flatMap((name) => checkName(section, name));
  }
  const { tables, combined, grace } = sections;
  for (const { table, other, file } of collisions([...tables, ...combined, ...grace])) {
    const section = grace.includes(table) ? 'grace' : combined.includes(table) ? 'combined' : 'tables';
    yield {
      path: [section, table],
      message: `its file ${file} is also one of table ${other}`,
      hint: 'rename one of the two tables',
    };
  }
}

function checkName(section: string, name: string): Finding[] {
  const path = [section, name];
  if (!safe.test(name)) {
    const hint = 'use letters, digits, and, after the first, "_", "-" and "."';
    return [{ path, message: 'this name could not be the name of a file', hint }];
  }
  if (name.length > longest) {
    return [{ path, message: 'this name is too long', hint: `use at most ${longest} characters` }];
  }
  // JavaScript would list such names first, whatever the order of the file.
  if (/^\d+$/.test(name))
    return [{ path, message: 'this name is only a number', hint: 'put a letter into it' }];
  return [];
}
