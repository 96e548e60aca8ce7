import { expect, test } from 'vitest';
import { Stopwatch } from '../../../src/tables/threads/stopwatch.ts';

/** A clock that stands still until it is put forward, and something to wait for. */
function world() {
  let now = 1000;
  const stopwatch = new Stopwatch(() => now);
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  const wait = () => {
    let end = () => {};
    const promise = new Promise<void>((resolve) => {
      end = resolve;
    });
    return { promise, end };
  };
  return { stopwatch, pass, wait };
}

test('stages that run at once share the time, and never have more of it than has passed', async () => {
  const { stopwatch, pass, wait } = world();
  const [text, table] = [wait(), wait()];
  const writing = stopwatch.timeAsync('.dat', () => text.promise);
  pass(10);
  const filling = stopwatch.timeAsync('bdb', () => table.promise);
  pass(20);
  text.end();
  await writing;
  pass(40);
  table.end();
  await filling;
  pass(80);
  stopwatch.time('publish', () => pass(160));
  expect(stopwatch.stages).toEqual([
    { name: '.dat', milliseconds: 20 },
    { name: 'bdb', milliseconds: 50 },
    { name: 'publish', milliseconds: 160 },
  ]);
});

test('a stage that fails counts, and one of another thread is added as it is', async () => {
  const { stopwatch, pass } = world();
  const fail = async () => {
    pass(5);
    throw new Error('no room');
  };
  await expect(stopwatch.timeAsync('bdb', fail)).rejects.toThrow('no room');
  pass(7);
  stopwatch.take([
    { name: 'bdb', milliseconds: 1 },
    { name: 'sort', milliseconds: 2 },
  ]);
  expect(stopwatch.stages).toEqual([
    { name: 'bdb', milliseconds: 6 },
    { name: 'sort', milliseconds: 2 },
  ]);
});

test('a stage that is begun twice at once has the whole time', async () => {
  const { stopwatch, pass, wait } = world();
  const [first, second] = [wait(), wait()];
  const one = stopwatch.timeAsync('collect', () => first.promise);
  const two = stopwatch.timeAsync('collect', () => second.promise);
  pass(30);
  first.end();
  second.end();
  await Promise.all([one, two]);
  expect(stopwatch.stages).toEqual([{ name: 'collect', milliseconds: 30 }]);
});
