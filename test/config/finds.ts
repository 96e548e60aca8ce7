import { expect, test } from 'vitest';
import { failure, type Workspace, workspace } from './workspace.ts';

export const top = 'tables_dir = "tables"\n';
export const table = '[tables.a]\n';
export const server = '[directory.ad]\nurls = ["ldaps://dc1"]\nbase = ""\n';
export const source = (lines: string) => `${top}${server}[[tables.a.sources]]\n${lines}`;
export const directorySource = (lines: string) => {
  const keys = ['directory = "ad"', 'filter = "(a=b)"', 'key = "{address}"', 'value = "x"'];
  const changed = keys.filter((line) => !lines.includes(`${line.split(' ', 1)} =`));
  return `${top}${server}[[tables.a.sources]]\n${lines}\n${changed.join('\n')}\n`;
};

export type Case = [what: string, toml: string, line: number, key: string, text: RegExp];

/** Each has one problem: its line, its key, and what it says. */
export function finds(cases: Case[], prepare: (at: Workspace['at']) => void = () => {}): void {
  test.each(cases)('%s', async (_, toml, line, key, text) => {
    const { at, load } = workspace();
    prepare(at);
    const error = await failure(load(toml));
    expect(error.problems).toEqual([expect.objectContaining({ file: at('mailhub.toml'), line, key })]);
    expect(error.message).toMatch(text);
    expect(error.message.startsWith(`${at('mailhub.toml')}:${line}: ${key}${key === '' ? '' : ': '}`)).toBe(
      true,
    );
  });
}
