import { expect, test, vi } from 'vitest';
import { failure, workspace } from './workspace.ts';

const loaded = vi.hoisted(() => vi.fn());
vi.mock('toml-eslint-parser', async (original) => {
  loaded();
  return await original();
});

test('the parser that finds lines is loaded only when there is something to report', async () => {
  const { load } = workspace();
  await load('tables_dir = "tables"\n[tables.a]\n');
  expect(loaded).not.toHaveBeenCalled();

  const { problems } = await failure(load('tables_dir = "tables"\n\n[tables.a]\nx = 1\n'));
  expect(problems).toMatchObject([{ line: 4 }]);
  expect(loaded).toHaveBeenCalledOnce();
});
