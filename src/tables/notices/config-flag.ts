import { resolve } from 'node:path';
import { shellWord } from './shell-word.ts';

/** ` --config FILE` for a command that somebody is to type, unless it is the file that the command takes by itself. */
export function configFlag(configFile: string): string {
  const path = resolve(configFile);
  return path === '/etc/mailhub-tables.toml' ? '' : ` --config ${shellWord(path)}`;
}
