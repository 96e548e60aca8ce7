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
