import type { Commands } from './commands.ts';

/** The module of a command. Together they are a file of their own in the bundled program: `--help` does without it. */
export async function load<Name extends keyof Commands>(name: Name): Promise<Commands[Name]> {
  const { command } = await import('./commands.ts');
  return command(name);
}
