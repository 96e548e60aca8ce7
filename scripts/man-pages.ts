// Writes dist/man and dist/completion from the text of --help: what a command says of itself is said once.
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createProgram } from '../src/cli/command-line.ts';
import { bashCompletion } from './man/bash-completion.ts';
import { manualPage } from './man/manual-page.ts';

const [target = 'dist', date = new Date().toLocaleDateString('en-US', { dateStyle: 'long' })] =
  process.argv.slice(2);
const program = createProgram(() => {});
const names = (command: Command): string[] => command.commands.map((each) => `mailhub-tables-${each.name()}`);

mkdirSync(join(target, 'man'), { recursive: true });
writeFileSync(
  join(target, 'man/mailhub-tables.8'),
  manualPage(program, 'mailhub-tables', date, names(program)),
);
for (const command of program.commands) {
  const name = `mailhub-tables-${command.name()}`;
  writeFileSync(join(target, 'man', `${name}.8`), manualPage(command, name, date, ['mailhub-tables']));
}
for (const page of readdirSync('packaging/man'))
  copyFileSync(join('packaging/man', page), join(target, 'man', page));

mkdirSync(join(target, 'completion'), { recursive: true });
writeFileSync(join(target, 'completion/mailhub-tables'), bashCompletion(program));
