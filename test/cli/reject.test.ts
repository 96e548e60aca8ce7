import { existsSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fileFed, numbered, withEntries } from '../tables/hub.ts';
import { postmaster, publishedHub } from './postmaster.ts';

const { run, heldHub, reviewed, approve } = postmaster();

describe('reject', () => {
  test('keeps a hold quiet until something else is in question', async () => {
    const hub = await heldHub();
    expect(await run(hub, 'reject', 't', '--reason', 'a school is missing\x1b[2J')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^t: 20 entries that would go are refused/),
    });
    const quiet = await run(hub, 'build');
    expect(quiet).toMatchObject({ status: 3, stderr: '' });
    expect(quiet.stdout).toMatch(/^ {2}refused by .* on .*: a school is missing\\u001b\[2J$/m);
    hub.put('in/t.dat', withEntries(numbered(20, 100), ['new@example.ac.uk', 'x']));
    expect(await run(hub, 'build'), 'an addition asks nothing').toMatchObject({ status: 3, stderr: '' });
    hub.put('in/t.dat', numbered(21, 100));
    const asks = await run(hub, 'build');
    expect(asks.stderr).toContain('t: held: 21 of 100 entries removed');
    expect(asks.stderr).toContain('20 entries would go that ');
    expect(await run(hub, 'reject', 't', '-r', 'x', '--digest', '0123456789ab')).toMatchObject({ status: 3 });
    expect(await run(hub, 'reject', 't')).toMatchObject({ status: 64 });
  });

  test('what was refused does not go by itself, whatever the guard says later; once mended, it is forgotten', async () => {
    const hub = await heldHub('max_removed = "15%"');
    await run(hub, 'reject', 't', '--reason', 'ticket 4711');
    // A larger limit: the guard alone would let it pass now.
    hub.configure(fileFed('t', 'max_removed = "50%"'));
    const { status, stdout, stderr } = await run(hub, 'build');
    expect({ status, stderr }).toEqual({ status: 3, stderr: '' });
    expect(stdout).toMatch(/20 entries would go that .* refused to let go: ticket 4711/);
    expect(hub.exim('t')).toEqual(numbered(0, 100));

    hub.put('in/t.dat', numbered(0, 100));
    expect((await run(hub, 'build')).status).toBe(0);
    hub.put('in/t.dat', numbered(20, 100));
    expect(await run(hub, 'build')).toMatchObject({ status: 0, stderr: '' });
    expect(hub.exim('t')).toEqual(numbered(20, 100));
  });

  test.each([
    ['the reason', 't.json', 'no JSON'],
    ['the entries', 't.dat', undefined],
  ])('a refusal of which %s is lost is one all the same', async (_, file, content) => {
    const hub = await heldHub('max_removed = "15%"');
    await run(hub, 'reject', 't', '--reason', 'ticket 4711');
    if (content === undefined) rmSync(hub.at(`state/rejections/${file}`));
    else hub.put(`state/rejections/${file}`, content);
    hub.configure(fileFed('t', 'max_removed = "50%"'));
    expect(await run(hub, 'build')).toMatchObject({ status: 3 });
    expect(hub.exim('t')).toEqual(numbered(0, 100));
    const { digest } = await reviewed(hub);
    expect((await approve(hub, digest)).status).toBe(0);
    expect(await run(hub, 'build')).toMatchObject({ status: 0, stderr: '' });
  });

  test('and an approval of the same is another decision', async () => {
    const hub = await heldHub();
    await run(hub, 'reject', 't', '--reason', 'not yet');
    const { digest, rejection } = await reviewed(hub);
    expect(rejection).toMatchObject({ why: 'not yet' });
    expect((await approve(hub, digest)).status).toBe(0);
    expect(existsSync(hub.at('state/rejections/t.json'))).toBe(false);
    expect(await run(hub, 'build')).toMatchObject({ status: 0, stderr: '' });
  });

  test('a table that is not held: wrong usage', async () => {
    expect(await run(await publishedHub(), 'reject', 't', '--reason', 'x')).toMatchObject({
      status: 64,
      stderr: expect.stringContaining('t is not held'),
    });
  });
});
