import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { NoticeMemory } from '../../../src/state/notice-memory.ts';
import { mailOf } from '../../../src/tables/notices/mail.ts';
import { fileFed, Hub, numbered, withEntries } from '../hub.ts';

/** A hub whose notices go to files: `mail` with the arguments in front, `json` from the command. */
async function toldHub(extra = ''): Promise<Hub> {
  const hub = new Hub();
  program(hub, 'sendmail', '{ printf "%s\\n" "$@"; cat; printf "===\\n"; } >> "$(dirname "$0")/mail"');
  program(hub, 'tell', 'cat >> "$(dirname "$0")/json"');
  hub.configure(
    `[notify]\nmail = ["postmaster@example.ac.uk", "two@example.ac.uk"]\nsendmail = "${hub.at('sendmail')}"\n` +
      `command = ["${hub.at('tell')}", "-x"]\nafter = 3\n${extra}${fileFed('a_table')}${fileFed('b_table')}`,
  );
  hub.put('in/a_table.dat', numbered(0, 10));
  hub.put('in/b_table.dat', numbered(20, 30));
  expect((await hub.build()).warnings).toEqual([]);
  return hub;
}

function program(hub: Hub, name: string, script: string): void {
  writeFileSync(hub.at(name), `#!/bin/sh\n${script}\n`);
  chmodSync(hub.at(name), 0o755);
}

/** What was sent since the last call. */
function sent(hub: Hub): { mails: string[]; documents: { kind: string; title: string; lines: string[] }[] } {
  const take = (name: string): string => {
    if (!existsSync(hub.at(name))) return '';
    const text = readFileSync(hub.at(name), 'utf8');
    rmSync(hub.at(name));
    return text;
  };
  const mails = take('mail').split('===\n').slice(0, -1);
  return {
    mails,
    documents: take('json')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line)),
  };
}

/** As if everybody had been told a day earlier. */
function aDayPasses(hub: Hub): void {
  const memory = new NoticeMemory(hub.stateDir);
  const earlier = (date: Date | undefined) => date && new Date(date.getTime() - 24 * 60 * 60 * 1000);
  memory.write(memory.read().map((each) => ({ ...each, told: earlier(each.told) })));
}

describe('a table that is held', () => {
  test('is told once, by mail and by command, with what to do', async () => {
    const hub = await toldHub();
    hub.put('in/a_table.dat', numbered(0, 2));
    await hub.build();
    const { mails, documents } = sent(hub);
    expect(documents).toMatchObject([{ kind: 'trouble', title: 'a_table is held' }]);
    const [mail] = mails;
    expect(mails).toHaveLength(1);
    const [head, body] = mail.split('\r\n\r\n');
    expect(head.split('\n').slice(0, 6)).toEqual([
      '-i',
      '-f',
      'postmaster@example.ac.uk',
      '--',
      'postmaster@example.ac.uk',
      'two@example.ac.uk',
    ]);
    expect(head).toMatch(/^Subject: mailhub-tables on [\w.-]+: a_table is held\r$/m);
    expect(head).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(body).toContain('8 of 10 entries removed, more than half');
    expect(body).toContain(`mailhub-tables review a_table --config ${hub.configFile}\r\n`);
    await hub.build();
    expect(sent(hub)).toEqual({ mails: [], documents: [] });
  });

  test('is not told again for an addition that has nothing to do with it, but for other removals', async () => {
    const hub = await toldHub();
    hub.put('in/a_table.dat', numbered(0, 2));
    await hub.build();
    sent(hub);
    hub.put('in/a_table.dat', withEntries(numbered(0, 2), ['new@example.ac.uk', 'x@y']));
    await hub.build();
    expect(sent(hub).documents).toEqual([]);
    hub.put('in/a_table.dat', numbered(0, 1));
    await hub.build();
    expect(sent(hub).documents).toMatchObject([{ kind: 'trouble' }]);
  });

  test('is reminded of once a day, and its end is told when nothing else is left', async () => {
    const hub = await toldHub();
    hub.put('in/a_table.dat', numbered(0, 2));
    hub.put('in/b_table.dat', numbered(20, 21));
    await hub.build();
    expect(sent(hub).documents).toMatchObject([{ title: '2 things need somebody: a_table is held, ...' }]);
    aDayPasses(hub);
    await hub.build();
    expect(sent(hub).documents).toMatchObject([{ kind: 'reminder' }]);
    hub.put('in/a_table.dat', numbered(0, 10));
    await hub.build();
    expect(sent(hub).documents).toEqual([]);
    hub.put('in/b_table.dat', numbered(20, 30));
    await hub.build();
    expect(sent(hub).documents).toMatchObject([{ kind: 'well', title: 'all is well again' }]);
    await hub.build();
    expect(sent(hub).documents).toEqual([]);
  });

  test('is told by the next run when nobody could be told', async () => {
    const hub = await toldHub();
    program(hub, 'sendmail', 'echo "queue is full" >&2; exit 75');
    hub.put('in/a_table.dat', numbered(0, 2));
    expect((await hub.build()).warnings).toEqual([
      `nobody could be told: ${hub.at('sendmail')} ended with status 75: queue is full`,
    ]);
    program(hub, 'sendmail', '{ printf "%s\\n" "$@"; cat; printf "===\\n"; } >> "$(dirname "$0")/mail"');
    await hub.build();
    expect(sent(hub).mails).toHaveLength(1);
  });

  test('is not told by a dry run, nor taken for settled by a run of another table', async () => {
    const hub = await toldHub();
    hub.put('in/a_table.dat', numbered(0, 2));
    await hub.build({ dryRun: true });
    expect(sent(hub).documents).toEqual([]);
    await hub.build();
    sent(hub);
    await hub.build({ tables: ['b_table'] });
    await hub.build();
    expect(sent(hub).documents).toEqual([]);
  });
});

test('a source that fails is told of in the third run in a row, and when it is back', async () => {
  const hub = await toldHub();
  rmSync(hub.at('in/a_table.dat'));
  for (let run = 1; run <= 2; run++) {
    await hub.build();
    expect(sent(hub).documents).toEqual([]);
  }
  await hub.build();
  expect(sent(hub).documents).toMatchObject([{ kind: 'trouble', title: 'a_table has a source that fails' }]);
  await hub.build();
  expect(sent(hub).documents).toEqual([]);
  hub.put('in/a_table.dat', numbered(0, 10));
  await hub.build();
  expect(sent(hub).documents).toMatchObject([{ kind: 'well' }]);
});

describe('a message', () => {
  const envelope = { from: 'a@b', to: ['c@d', 'e@f'], subject: 'hello', host: 'hub', date: new Date(0) };

  test('in ASCII goes as it is; any other is carried as base64 and comes back whole', () => {
    const plain = mailOf(envelope, 'one\ntwo\n').toString();
    expect(plain).toContain('To: c@d,\r\n e@f\r\n');
    expect(plain).toContain('Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n');
    expect(plain).toMatch(/Content-Transfer-Encoding: 7bit\r\n\r\none\r\ntwo\r\n$/);
    for (const text of [`Grüße\n`, `${'x'.repeat(2000)}\n`]) {
      const [head, body] = mailOf(envelope, text).toString().split('\r\n\r\n');
      expect(head).toContain('Content-Transfer-Encoding: base64');
      expect(body.split('\r\n').every((line) => line.length <= 76)).toBe(true);
      expect(Buffer.from(body, 'base64').toString()).toBe(text.replaceAll('\n', '\r\n'));
    }
  });

  test.each(['a\r\nBcc: x@y', 'a\nb', 'a\0b', 'Grüße', 'a,\r\nBcc: x@y'])(
    'has no header made of %j',
    (subject) => {
      expect(() => mailOf({ ...envelope, subject }, '')).toThrow(RangeError);
    },
  );
});

test.each([
  ['mail = ["-oQ/tmp/x@y"]', /notify\.mail\[0\]: .* is no mail address/],
  ['mail = ["a b@y"]', /notify\.mail\[0\]/],
  ['command = ["tell"]', /notify\.command\[0\]: .*absolute path/],
  ['command = ["/no/such/program"]', /notify\.command\[0\]/],
  ['after = 2', /notify: names nobody to tell/],
])('%s is a mistake in the configuration', async (line, message) => {
  const hub = new Hub();
  hub.configure(`[notify]\n${line}\n${fileFed('a_table')}`);
  await expect(hub.build()).rejects.toThrow(message);
});
