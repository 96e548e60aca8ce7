import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build, loadConfig } from '../../src/index.ts';
import { deadCanaries } from '../../src/tables/publish/canaries.ts';
import { Exim, findExim } from './exim.ts';

const tables = {
  exch_table: `j.smith@example.ac.uk: j.smith@example.ac.uk
js1@example.ac.uk: j.smith@example.ac.uk
both@example.ac.uk: both@example.ac.uk
`,
  o365_table: `a.jones@example.ac.uk: aj9@example.mail.onmicrosoft.com
both@example.ac.uk: both@example.mail.onmicrosoft.com
`,
  mlist_table: `all-staff@lists.example.ac.uk: all-staff@sympa.lists.example.ac.uk
two@lists.example.ac.uk: one@sympa.lists.example.ac.uk, two@sympa.lists.example.ac.uk
"space inside@lists.example.ac.uk": space-inside@sympa.lists.example.ac.uk
pipe@lists.example.ac.uk: "|/usr/bin/id"
file@lists.example.ac.uk: /etc/passwd
nothing@lists.example.ac.uk: :blackhole:
include@lists.example.ac.uk: :include:/etc/passwd
`,
  sm_table: 'm.brown@stmarys.example.ac.uk: s0000001@students.example.ac.uk\n',
  local_domains: `example.ac.uk: example.ac.uk
lists.example.ac.uk: lists.example.ac.uk
stmarys.example.ac.uk: stmarys.example.ac.uk
students.example.ac.uk: students.example.ac.uk
`,
};

const hosts = {
  EXCHANGE_HUB: '192.0.2.10',
  OFFICE365_HUB: '192.0.2.20',
  LIST_HUB: '192.0.2.30',
  STUDENT_HUB: '192.0.2.40',
};

const page = readFileSync(new URL('../../docs/exim.md', import.meta.url), 'utf8');
/** The one block of a kind. */
const block = (kind: string): string =>
  new RegExp(`^\`\`\`${kind}\\n(.*?)^\`\`\`$`, 'ms').exec(page)?.[1] ?? '';
const configuration = [...page.matchAll(/^```exim\n(.*?)^```$/gms)].map(([, block]) => block).join('\n');

/** With one lookup instead of four, and with grace. */
const combined = configuration
  .replace(/^exchange_alias:.*(?=^onward:)/ms, `${block('exim-combined')}\n`)
  .replace(/^(?=unknown:)/m, `${block('exim-grace')}\n`);

describe('the configuration in docs/exim.md', () => {
  const exim = new Exim();
  const directory = mkdtempSync(join(tmpdir(), 'mailhub-routers-'));
  const macros = { ...hosts, TABLES: directory };

  /** The five tables, kept by hand. */
  async function buildTables(): Promise<void> {
    const sections = Object.keys(tables).map((name) => `[tables.${name}]\n`);
    const settings = join(directory, 'mailhub-tables.toml');
    const places = `tables_dir = "${directory}"\nstate_dir = "${directory}/state"\n`;
    const derived =
      '[combined.all_table]\ntables = ["exch_table", "o365_table", "mlist_table", "sm_table"]\n' +
      '[grace.gone_table]\ntables = ["exch_table"]\nkeep = "1 day"\n';
    writeFileSync(settings, `${places}format = "bdb"\n${derived}${sections.join('')}`);
    const report = await build(await loadConfig(settings));
    expect(report.tables.map(({ failure }) => failure)).toEqual(report.tables.map(() => undefined));
  }

  beforeAll(async () => {
    chmodSync(directory, 0o755);
    mkdirSync(join(directory, 'state'));
    for (const [name, text] of Object.entries(tables)) writeFileSync(join(directory, `${name}.dat`), text);
    await buildTables();
  });

  afterAll(() => {
    exim.close();
    rmSync(directory, { recursive: true });
  });

  it.each([
    ['a mailbox on Exchange', 'j.smith@example.ac.uk', 'j.smith@example.ac.uk', 'exchange', '192.0.2.10'],
    ['an alias, whatever its case', 'JS1@Example.AC.UK', 'j.smith@example.ac.uk', 'exchange', '192.0.2.10'],
    [
      'a mailbox in Office 365',
      'a.jones@example.ac.uk',
      'aj9@example.mail.onmicrosoft.com',
      'onward',
      '192.0.2.20',
    ],
    [
      'what is in both, to the first table',
      'both@example.ac.uk',
      'both@example.ac.uk',
      'exchange',
      '192.0.2.10',
    ],
    [
      'a list',
      'All-Staff@lists.example.ac.uk',
      'all-staff@sympa.lists.example.ac.uk',
      'onward',
      '192.0.2.30',
    ],
    ['a list of two', 'two@lists.example.ac.uk', 'two@sympa.lists.example.ac.uk', 'onward', '192.0.2.30'],
    [
      'a quoted local part',
      '"space inside"@lists.example.ac.uk',
      'space-inside@sympa.lists.example.ac.uk',
      'onward',
      '192.0.2.30',
    ],
    [
      "a student of St. Mary's",
      'm.brown@stmarys.example.ac.uk',
      's0000001@students.example.ac.uk',
      'onward',
      '192.0.2.40',
    ],
  ])('routes %s, with four lookups and with one', async (_, address, recipient, router, host) => {
    for (const routers of [configuration, combined]) {
      const { status, text } = await exim.route(routers, address, macros);
      expect(text).toContain(`router = ${router}, transport = remote_smtp`);
      expect(text).toContain(`host ${host} `);
      expect(text.split('\n').map((line) => line.trim())).toContain(recipient);
      expect(status).toBe(0);
    }
  });

  it('has canaries that come back by their router, and names the one of those that do not', async () => {
    const settings = join(directory, 'canaries.toml');
    const conf = join(directory, 'exim.conf');
    writeFileSync(
      conf,
      `spool_directory = ${directory}/spool\nlog_file_path = ${directory}/log/%s\n${configuration}`,
    );
    const definitions = Object.entries(macros).map(([name, value]) => `'-D${name}=${value}'`);
    const wrapper = join(directory, 'exim');
    writeFileSync(wrapper, `#!/bin/sh\nexec ${findExim()} -C ${conf} ${definitions.join(' ')} "$@"\n`);
    chmodSync(wrapper, 0o755);
    const canary = (address: string, table: string, router: string): string =>
      `[[canaries]]\naddress = "${address}"\ntable = "${table}"\nrouter = "${router}"\n`;
    writeFileSync(
      settings,
      `tables_dir = "${directory}"\nstate_dir = "${directory}/state"\nformat = "bdb"\nexim = "${wrapper}"\n` +
        canary('j.smith@example.ac.uk', 'exch_table', 'exchange') +
        canary('a.jones@example.ac.uk', 'o365_table', 'exchange') +
        Object.keys(tables)
          .map((name) => `[tables.${name}]\n`)
          .join(''),
    );
    expect(await deadCanaries(await loadConfig(settings))).toEqual([
      {
        address: 'a.jones@example.ac.uk',
        message: expect.stringMatching(/-bt takes it by onward and not by exchange/),
      },
    ]);
  });

  it('defers for what went lately, and refuses it without that router', async () => {
    const path = join(directory, 'exch_table.dat');
    writeFileSync(path, `${tables.exch_table}left@example.ac.uk: left@example.ac.uk\n`);
    await buildTables();
    expect((await exim.route(combined, 'left@example.ac.uk', macros)).status).toBe(0);
    writeFileSync(path, tables.exch_table);
    await buildTables();
    const deferred = await exim.route(combined, 'Left@example.ac.uk', macros);
    expect(deferred).toMatchObject({ status: 1, text: expect.stringContaining('being looked into') });
    expect((await exim.route(configuration, 'left@example.ac.uk', macros)).status).toBe(2);
  });

  it.each(['nobody@example.ac.uk', 'j.smith@stmarys.example.ac.uk', 'all-staff@example.ac.uk'])(
    'refuses %s, which is in no table',
    async (address) => {
      for (const routers of [configuration, combined]) {
        const { status, text } = await exim.route(routers, address, macros);
        expect(text.trim()).toBe(`${address} is undeliverable: no such address here`);
        expect(status).toBe(2);
      }
    },
  );

  it.each([
    ['pipe', 'pipe_transport unset'],
    ['file', 'file_transport unset'],
    ['nothing', '":blackhole:" is not permitted'],
    ['include', 'included files not permitted'],
  ])('runs, writes, drops and reads nothing for the value of %s', async (name, reason) => {
    for (const routers of [configuration, combined]) {
      const { text } = await exim.route(routers, `${name}@lists.example.ac.uk`, macros);
      expect(text).toContain(reason);
      expect(text).not.toContain('transport = ');
    }
  });

  it('answers a sender as the tables say', async () => {
    const replies = await exim.converse(
      configuration,
      '192.0.2.99',
      [
        'HELO client.example.org',
        'MAIL FROM:<>',
        'RCPT TO:<JS1@example.ac.uk>',
        'RCPT TO:<nobody@example.ac.uk>',
        'RCPT TO:<somebody@example.org>',
        'QUIT',
      ],
      macros,
    );
    expect(replies.slice(3, -1)).toEqual([
      '250 Accepted',
      '550 no such address here',
      '550 relay not permitted',
    ]);
  });

  it('defers while a table is missing, and answers again once it is back', async () => {
    rmSync(join(directory, 'o365_table'));
    try {
      const routed = await exim.route(configuration, 'j.smith@example.ac.uk', macros);
      expect(routed.status).toBe(0);
      const deferred = await exim.route(configuration, 'nobody@example.ac.uk', macros);
      expect(deferred.text).toContain('cannot be resolved at this time');
      expect(deferred.status).toBe(1);
      const replies = await exim.converse(
        configuration,
        '192.0.2.99',
        ['HELO client.example.org', 'MAIL FROM:<>', 'RCPT TO:<a.jones@example.ac.uk>', 'QUIT'],
        macros,
      );
      expect(replies[3]).toMatch(/^451 /);
    } finally {
      await buildTables();
    }
    const again = await exim.route(configuration, 'nobody@example.ac.uk', macros);
    expect(again.status).toBe(2);
  });
});
