import { expect, test } from 'vitest';
import { showProgress } from '../../src/cli/progress.ts';

function screen(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, written, write: (text: string) => written.push(text) };
}

test('a terminal shows one line that is written over, and wiped at the end', () => {
  const terminal = screen(true);
  const progress = showProgress(terminal);
  progress?.update('ad', 12_000);
  progress?.clear();
  expect(terminal.written.join('')).toBe('\r\x1b[Kad: 12,000 recipients\r\x1b[K');
});

test('what was never shown is not wiped', () => {
  const terminal = screen(true);
  showProgress(terminal)?.clear();
  expect(terminal.written).toEqual([]);
});

test('where there is no terminal there is no progress', () => {
  expect(showProgress(screen(false))).toBeUndefined();
});
