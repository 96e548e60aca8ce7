import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProgram } from '../../src/cli/command-line.ts';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'mailhub-man-'));
const program = createProgram(() => {});

beforeAll(() => {
  execFileSync(process.execPath, ['--import', 'tsx', 'scripts/man-pages.ts', folder], { cwd: root });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A page as a reader sees it, without line breaks. */
function read(name: string): string {
  const environment = { ...process.env, MANWIDTH: '1000', LC_ALL: 'C.UTF-8' };
  const text = execFileSync('man', ['-l', join(folder, 'man', `${name}.8`)], { env: environment });
  return text.toString().replaceAll('‐', '-').replace(/\s+/g, ' ');
}

describe('manual pages', () => {
  test('are there for every command, and the first names them all', () => {
    const names = program.commands.map((command) => `mailhub-tables-${command.name()}`);
    const pages = readdirSync(join(folder, 'man')).map((file) => file.replace(/\.8$/, ''));
    expect(pages.sort()).toEqual(['mailhub-dbmbuild', 'mailhub-tables', ...names].sort());
    const first = read('mailhub-tables');
    for (const name of names) expect(first).toContain(`${name}(8)`);
  });

  test('are all named in package.json, by which npm puts them where man finds them', () => {
    const { man } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(man.toSorted()).toEqual(
      readdirSync(join(folder, 'man'))
        .map((page) => `dist/man/${page}`)
        .sort(),
    );
  });

  test('have nothing that mandoc would complain of', () => {
    for (const page of readdirSync(join(folder, 'man'))) {
      execFileSync('mandoc', ['-Tlint', '-Wwarning', join(folder, 'man', page)], { stdio: 'inherit' });
    }
  });

  test.each(program.commands.map((command) => [command.name(), command] as const))(
    'that of %s says what --help says',
    (name, command: Command) => {
      const page = read(`mailhub-tables-${name}`);
      for (const each of [command, ...command.commands]) {
        const said = each.description().replace(/\s+/g, ' ');
        expect(page.toLowerCase()).toContain(said.toLowerCase());
        for (const { long, description } of each.options) {
          expect(page).toContain(long);
          expect(page.toLowerCase()).toContain(description.toLowerCase());
        }
      }
    },
  );
});

describe('the completion of bash', () => {
  const complete = (...words: readonly string[]): string[] => {
    const line = words.map((word) => `'${word}'`).join(' ');
    const script = `source "$1"; COMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _mailhub_tables; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const file = join(folder, 'completion/mailhub-tables');
    return execFileSync('bash', ['-c', script, 'bash', file]).toString().trim().split('\n');
  };

  test.each([
    [['mailhub-tables', 'roll'], ['rollback']],
    [['mailhub-tables', 'rollback', '--re'], ['--reason']],
    [['mailhub-tables', 'override', 'su'], ['suppress']],
    [['mailhub-tables', 'override', 'add', 'exch_table', '--ex'], ['--expires']],
  ])('of %j is %j', (words, expected) => {
    expect(complete(...words)).toEqual(expected);
  });
});
