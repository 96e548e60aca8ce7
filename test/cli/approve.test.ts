import { describe, expect, test } from 'vitest';
import { RunLock } from '../../src/state/lock.ts';
import { datOf, fileFed, Hub, keptByHand, numbered, withEntries, without } from '../tables/hub.ts';
import { postmaster, publishedHub } from './postmaster.ts';

const { run, heldHub, reviewed, approve } = postmaster();

describe('approve', () => {
  test('publishes just the candidate that was reviewed, though a newer one is held; the guard stays as strict', async () => {
    const hub = await heldHub();
    const { digest } = await reviewed(hub);
    const candidate = hub.text('etc/t_tmp.dat');
    hub.put('in/t.dat', numbered(40, 100));
    expect((await run(hub, 'build')).status).toBe(3);
    const newer = await reviewed(hub);
    expect(newer).toMatchObject({ removed: 40 });

    expect(await approve(hub, digest, '--reason', 'a term ends')).toMatchObject({
      status: 0,
      stdout: 't: published as reviewed, 100 -> 80 entries, 0 added, 20 removed, 0 changed\n',
      stderr: '',
    });
    expect(hub.text('etc/t.dat')).toBe(candidate);
    expect(hub.exim('t')).toEqual(numbered(20, 100));
    expect(hub.text('etc/t_tmp.dat'), 'the newer candidate is not published').toBe(datOf(numbered(40, 100)));

    const next = await run(hub, 'build');
    expect(next.status).toBe(3);
    expect(next.stdout).toMatch(/^t: held, 80 -> 60 entries, 0 added, 20 removed/m);
    expect(await approve(hub, newer.digest), 'a digest of before').toMatchObject({ status: 3 });
    const { stdout: history } = await run(hub, 'history');
    expect(history).toMatch(/approve/);
    expect(history).toContain('a term ends');
  });

  test('takes twelve digits or more, and nothing else', async () => {
    const hub = await heldHub();
    const { digest } = await reviewed(hub);
    for (const wrong of [digest.slice(0, 11), `${digest}0`, digest.toUpperCase(), '../../../../etc', '']) {
      expect(await approve(hub, wrong), wrong).toMatchObject({ status: 64, stdout: '' });
    }
    expect(await approve(hub, '0123456789ab')).toMatchObject({ status: 3 });
    expect(await run(hub, 'approve', 't')).toMatchObject({
      status: 64,
      stderr: expect.stringContaining('review t'),
    });
    expect(await run(hub, 'approve', 't', '--interactive')).toMatchObject({ status: 64 });
    expect(hub.exim('t')).toEqual(numbered(0, 100));
    expect((await approve(hub, digest.slice(0, 12))).status).toBe(0);
  });

  test('refuses where something else is published than what was reviewed, and says what', async () => {
    const hub = await heldHub();
    const { digest } = await reviewed(hub);
    hub.put(
      'etc/t.dat',
      withEntries(without(numbered(0, 100), 'user000050@example.ac.uk'), ['by@hand', 'x']),
    );
    hub.eximDbmbuild('t');
    const { status, stderr } = await approve(hub, digest);
    expect(status).toBe(3);
    expect(stderr).toContain('since then 1 came (by@hand), 1 went (user000050@example.ac.uk)');
    expect((await run(hub, 'review')).stdout).toContain('what is published has changed since');
    expect(hub.exim('t')?.has('by@hand')).toBe(true);
  });

  test('of two postmasters one publishes, and the other hears of it', async () => {
    const hub = await heldHub();
    const { digest } = await reviewed(hub);
    const lock = RunLock.acquire(hub.stateDir, hub.tablesDir);
    expect(await approve(hub, digest)).toMatchObject({
      status: 5,
      stdout: '',
      stderr: expect.stringContaining('lock'),
    });
    lock.release();
    const both = await Promise.all([approve(hub, digest), approve(hub, digest)]);
    expect(both.map(({ status }) => status).sort()).toEqual([0, expect.toBeOneOf([5, 64])]);
    const third = await approve(hub, digest);
    expect(third.status).toBe(64);
    expect(third.stderr).toMatch(/t is not held.*; approve by .*uid/);
    expect(hub.exim('t')).toEqual(numbered(20, 100));
  });

  test('an address that moves into a table that stays held keeps its old one: both go together', async () => {
    const hub = await publishedHub('max_removed = 5', fileFed('o365', 'max_added = 5'));
    hub.put('in/o365.dat', numbered(500, 600));
    await run(hub, 'build');
    hub.put('in/o365.dat', withEntries(numbered(500, 600), ...numbered(0, 18)));
    hub.put('in/t.dat', numbered(18, 100));
    await run(hub, 'build');
    const [one, two] = [await reviewed(hub), await reviewed(hub, 'o365')];
    const alone = await approve(hub, one.digest);
    expect(alone.status).toBe(3);
    expect(alone.stderr).toMatch(/^t: held: 18 addresses .* move to o365, which is not published/m);
    expect(hub.exim('t')).toEqual(numbered(0, 100));

    const digests = ['--digest', two.digest, one.digest];
    expect(await run(hub, 'approve', 't', 'o365', ...digests)).toMatchObject({ status: 0, stderr: '' });
    expect(hub.exim('t')).toEqual(numbered(18, 100));
    expect(hub.exim('o365')?.size).toBe(118);
    expect(await run(hub, 'build')).toMatchObject({ status: 0, stderr: '' });
  });

  test('nor an empty table, nor a pinned one', async () => {
    const hub = await publishedHub();
    hub.put('in/t.dat', '# nobody\n');
    await run(hub, 'build');
    const { digest } = await reviewed(hub);
    expect(await approve(hub, digest)).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('--allow-empty'),
    });
    const pinned = await heldHub();
    const { digest: other } = await reviewed(pinned);
    await run(pinned, 'pin', 't');
    expect(await approve(pinned, other)).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('unpin t'),
    });
    expect(pinned.exim('t')).toEqual(numbered(0, 100));
  });

  test('a table kept by hand: its .dat is not written, and a later one is judged against what was approved', async () => {
    const hub = new Hub();
    hub.configure(keptByHand('t'));
    hub.put('etc/t.dat', numbered(0, 100));
    await run(hub, 'build');
    hub.put('etc/t.dat', numbered(60, 100));
    await run(hub, 'build');
    const { digest } = await reviewed(hub);
    hub.put('etc/t.dat', numbered(90, 100));
    expect((await approve(hub, digest)).status).toBe(0);
    expect(hub.exim('t')).toEqual(numbered(60, 100));
    expect(hub.text('etc/t.dat')).toBe(datOf(numbered(90, 100)));
    const next = await run(hub, 'build');
    expect(next.stdout).toMatch(/^t: held, 40 -> 10 entries/m);
  });
});
