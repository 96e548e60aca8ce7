import { posix } from 'node:path';

/**
 * What each room of src/ may import: other rooms, or single files of them. With `type ` in front, its types only.
 * The commands and the service stand on the tables, the tables on what speaks to directories, files and memory; nothing imports the commands.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  cli: ['service', 'tables', 'ldap', 'dbm', 'state', 'config'],
  service: ['tables', 'ldap', 'dbm', 'state', 'config'],
  tables: ['ldap', 'dbm', 'state', 'config'],
  config: ['ldap/filter.ts'],
  ldap: [],
  dbm: [],
  state: ['type tables', 'type ldap', 'type dbm', 'type config'],
  'index.ts': ['service', 'tables', 'ldap', 'dbm', 'state', 'config'],
};

/** What the source text of `file` (a path below src/, with `/`) imports against the directions, one sentence each. */
export function violations(file: string, text: string): string[] {
  const room = roomOf(file);
  const rules = allowed[room];
  if (rules === undefined) return [`src/${file} lies in no room that test/rooms.ts knows`];
  return imports(text)
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier, typeOnly }) => ({ target: posix.join(posix.dirname(file), specifier), typeOnly }))
    .filter(({ target, typeOnly }) => {
      const targetRoom = roomOf(target);
      if (targetRoom === room || target === '../package.json') return false;
      const names = typeOnly ? [targetRoom, target, `type ${targetRoom}`] : [targetRoom, target];
      return !names.some((name) => rules.includes(name));
    })
    .map(({ target }) => `src/${file} imports ${target}, which ${room} may not`);
}

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

function imports(text: string): Import[] {
  const statements = text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'";]*?\bfrom\s+)?['"]([^'"]+)['"]/gm);
  const calls = text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g);
  return [
    ...Array.from(statements, ([, type, specifier = '']) => ({ specifier, typeOnly: type !== undefined })),
    ...Array.from(calls, ([, specifier = '']) => ({ specifier, typeOnly: false })),
  ];
}

function roomOf(file: string): string {
  const [first = ''] = file.split('/');
  return first;
}
