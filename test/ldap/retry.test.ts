import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DirectoryError } from '../../src/ldap/error.ts';
import type { DirectorySettings } from '../../src/ldap/types.ts';
import { addresses, collect, settingsFor } from './collect.ts';
import { bindResponse, searchDone, searchEntry } from './messages.ts';
import { type Script, startScripted } from './scripted-server.ts';
import { freePort } from './slapd-process.ts';

const end = Buffer.alloc(0);
const found = ['anna@example.org: anna@example.org'];
let folder: string;
let passwordFile: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ldap-retry-'));
  passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, 'correct horse', { mode: 0o600 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One recipient, after so many searches that end otherwise. */
function failing(times: number, fault: Script['search']): Script {
  let left = times;
  return {
    search(asked, socket) {
      if (left-- > 0) return fault?.(asked, socket);
      socket.write(searchEntry(asked.id, 'cn=anna,dc=test', [['proxyAddresses', ['SMTP:anna@example.org']]]));
      socket.write(searchDone(asked.id, 0, end));
    },
  };
}
const busy: Script['search'] = ({ id }, socket) => socket.write(searchDone(id, 51, end));
const hangsUp: Script['search'] = ({ id }, socket) =>
  socket.end(searchEntry(id, 'cn=half,dc=test', [['proxyAddresses', ['SMTP:half@example.org']]]));

async function failure(settings: DirectorySettings): Promise<DirectoryError> {
  const error = await collect(settings, [addresses]).catch((reason: unknown) => reason);
  if (!(error instanceof DirectoryError)) throw new Error(`no DirectoryError: ${String(error)}`);
  return error;
}

test('a server that is busy is asked again after a pause, from the beginning', async () => {
  await using server = await startScripted(failing(1, busy));
  const { entries, report } = await collect(settingsFor([server.url], { retryFor: 60_000 }), [addresses]);
  expect(entries).toEqual([found]);
  expect(report.milliseconds).toBeGreaterThan(499);
  expect(report.failedServers).toMatchObject([{ url: server.url, message: expect.stringContaining('busy') }]);
  expect(report.servers).toMatchObject([{ url: server.url, attempts: 2, requests: 4, failure: undefined }]);
});

test('what half an answer gave is not in the next one', async () => {
  await using first = await startScripted(failing(9, hangsUp));
  await using second = await startScripted(failing(1, hangsUp));
  const settings = settingsFor([first.url, second.url], { retryFor: 60_000 });
  const { entries, report } = await collect(settings, [addresses]);
  expect(entries).toEqual([found]);
  expect(report.url).toBe(second.url);
  expect(report.servers).toMatchObject([
    { url: first.url, attempts: 2, entries: 4, failure: 'the server closed the connection' },
    { url: second.url, attempts: 2, entries: 4, failure: undefined },
  ]);
  expect(report.servers[0]?.bytes).toBeGreaterThan(100);
  expect(report.servers[0]?.milliseconds).toBeGreaterThan(0);
});

test('what a server fails by again and again is told once', async () => {
  const nobody = `ldap://127.0.0.1:${await freePort()}`;
  const error = await failure(settingsFor([nobody], { retryFor: 1000 }));
  expect(error.failedServers.length).toBeGreaterThan(0);
  expect(error.message).toMatch(
    /^directory \w+: \S+ no connection: [^;]*ECONNREFUSED[^;]* \(tried \d times in \d\.\d s\)$/,
  );
});

test('the last failure is told with what each server was asked in vain', async () => {
  await using first = await startScripted(failing(99, busy));
  const nobody = `ldap://127.0.0.1:${await freePort()}`;
  const error = await failure(settingsFor([first.url, nobody], { retryFor: 1000 }));
  expect(error.url).toBe(nobody);
  expect(first.searches.length).toBeGreaterThan(1);
  expect(error.message).toMatch(
    /^directory \w+: \S+ no connection: .* \(tried \d times in \d+\.\d s\); before that, ldap:.*busy \(51\)[^;]* \(\d times\)$/,
  );
  expect(error.servers).toMatchObject([
    { url: first.url, requests: first.searches.length * 2, failure: expect.stringContaining('busy') },
    { url: nobody, requests: 0 },
  ]);
});

test.each([
  [1, 8, 'use ldaps:// or starttls'],
  [1, 32, 'see base'],
  [1, 50, 'needs the right to read'],
])('what another moment does not change is asked once: %i time, result %i', async (times, code, advice) => {
  await using server = await startScripted(
    failing(9, ({ id }, socket) => socket.write(searchDone(id, code, end))),
  );
  const error = await failure(settingsFor([server.url, server.url], { retryFor: 60_000 }));
  expect(error.message).toContain(advice);
  expect(server.searches).toHaveLength(times);
});

test('a server that is not understood is not asked again', async () => {
  const garbage: Script['search'] = (_, socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
  await using server = await startScripted(failing(9, garbage));
  await using other = await startScripted(failing(0, busy));
  expect((await failure(settingsFor([server.url], { retryFor: 60_000 }))).fault).toBe('protocol');
  expect(server.searches).toHaveLength(1);
  const { report } = await collect(settingsFor([server.url, other.url]), [addresses]);
  expect(report.url).toBe(other.url);
});

test('a refused password is not tried again, nor is a bind that is not answered for a fourth time', async () => {
  const bound = (urls: readonly string[]) =>
    settingsFor(urls, { bindDn: 'cn=a', passwordFile, allowPlaintext: true, retryFor: 600_000 });
  await using refuses = await startScripted({ bind: (id, socket) => socket.write(bindResponse(id, 49)) });
  const refused = await failure(bound([refuses.url, refuses.url]));
  expect(refused.isPasswordRefused).toBe(true);
  expect(refuses.binds).toBe(1);

  await using silent = await startScripted({ bind: (_, socket) => socket.destroy() });
  const error = await failure(bound([silent.url, silent.url]));
  expect(error.message).toContain('3 binds were not answered');
  expect(silent.binds).toBe(3);
});

test.each([
  ['', true],
  ['80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 52e, v4563', true],
  ['80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 775, v4563', false],
  ['80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 532, v4563', false],
])('whether it was the password that was wrong: %s', async (diagnostic, isRefused) => {
  await using server = await startScripted({
    bind: (id, socket) => socket.write(bindResponse(id, 49, diagnostic)),
  });
  const error = await failure(
    settingsFor([server.url], { bindDn: 'cn=a', passwordFile, allowPlaintext: true, retryFor: 60_000 }),
  );
  expect(error.isPasswordRefused).toBe(isRefused);
  expect(server.binds).toBe(1);
});

test('the whole extraction has a time limit, also while it pauses', async () => {
  await using hangs = await startScripted({ search: () => {} });
  const late = await failure(settingsFor([hangs.url], { extractionTimeout: 300 }));
  expect(late).toMatchObject({ fault: 'timeout', url: hangs.url, servers: [{ attempts: 1 }] });
  expect(late.message).toContain('no whole answer within 0.3 s: see extraction_timeout');

  await using server = await startScripted(failing(99, busy));
  const settings = settingsFor([server.url], { retryFor: 60_000, extractionTimeout: 300 });
  const paused = await failure(settings);
  expect(paused.message).toMatch(/extraction_timeout; before that, .*busy/);
});
