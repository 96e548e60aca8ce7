import { readdirSync, renameSync, statSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ReplacedFiles } from '../../../src/tables/publish/replaced-files.ts';
import { Hub } from '../hub.ts';

test('a file that is gone already, or was named twice, ends no run that is busy with something else', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  onTestFinished(() => void process.off('unhandledRejection', unhandled));
  const hub = new Hub();
  hub.put('state/old', 'x');
  const files = new ReplacedFiles();
  files.add([hub.at('state/old'), hub.at('state/old'), hub.at('state/none')]);
  files.release();
  for (let i = 0; i < 20; i++) await access(hub.folder);
  expect(unhandled).not.toHaveBeenCalled();
  await files.released();
  await expect(access(hub.at('state/old'))).rejects.toThrow('ENOENT');
});

test('what is replaced lies in a folder until a later run removes it, whatever it is', async () => {
  const hub = new Hub();
  for (const name of ['table', 'new', 'oldest']) hub.put(`state/${name}`, name);
  const replaced = statSync(hub.at('state/table'));
  const files = new ReplacedFiles(hub.at('state/replaced'));
  files.empty();
  files.hold(hub.at('state/table'));
  files.hold(hub.at('state/none'));
  renameSync(hub.at('state/new'), hub.at('state/table'));
  files.add([hub.at('state/oldest')]);
  await files.released();
  expect(readdirSync(hub.stateDir).sort()).toEqual(['replaced', 'table']);
  const kept = readdirSync(hub.at('state/replaced'));
  expect(kept).toHaveLength(2);
  expect(kept.map((name) => statSync(hub.at(`state/replaced/${name}`)).ino)).toContain(replaced.ino);
  const next = new ReplacedFiles(hub.at('state/replaced'));
  next.empty();
  await next.released();
  expect(readdirSync(hub.at('state/replaced'))).toEqual([]);
});

test('where there can be no such folder, what is replaced goes at the end of the run', async () => {
  const hub = new Hub();
  for (const name of ['table', 'oldest', 'replaced']) hub.put(`state/${name}`, name);
  const files = new ReplacedFiles(hub.at('state/replaced'));
  files.empty();
  files.hold(hub.at('state/table'));
  files.add([hub.at('state/oldest')]);
  await files.released();
  expect(readdirSync(hub.stateDir).sort()).toEqual(['replaced', 'table']);
});
