import { expect, onTestFinished, test, vi } from 'vitest';
import { directoryFed, Hub, numbered } from '../hub.ts';

test('a directory is asked for everything when the last time is longer ago than full_every', async () => {
  const hub = new Hub();
  await hub.serve(numbered(0, 20));
  hub.configure(`full_every = "3 hours"\n${directoryFed('t')}`);
  const started = Date.now();
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });

  const modes: (string | undefined)[] = [];
  for (const hours of [0, 1, 2.9, 3, 4, 6.1]) {
    vi.setSystemTime(started + hours * 3_600_000);
    const [directory] = (await hub.build()).directories;
    modes.push(directory?.mode);
  }
  expect(modes).toEqual(['full', 'delta', 'delta', 'full', 'delta', 'full']);
});
