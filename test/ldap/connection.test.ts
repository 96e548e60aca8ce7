import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeAuthority } from '../../fixtures/certificates.ts';
import { DirectoryError } from '../../src/ldap/error.ts';
import { probe } from '../../src/ldap/probe.ts';
import type { DirectorySettings } from '../../src/ldap/types.ts';
import { type Slapd, startSlapd } from '../integration/slapd.ts';
import { addresses, collect, settingsFor } from './collect.ts';
import { bindResponse, extendedResponse, searchDone, searchEntry } from './messages.ts';
import { startScripted } from './scripted-server.ts';
import { freePort } from './slapd-process.ts';

const password = 'pass\u00e9 word\\ \u{1f511}';
const recipients = { ...addresses, filter: '(proxyAddresses=*)' };
let folder: string;
let slapd: Slapd;
let passwordFile: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ldap-connection-'));
  passwordFile = secret('password', `${password}\n`);
  slapd = await startSlapd();
});

afterAll(async () => {
  await slapd?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function secret(name: string, contents: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, contents);
  chmodSync(path, mode);
  return path;
}

function campus(urls: readonly string[], changes: Partial<DirectorySettings> = {}): DirectorySettings {
  const { base, bindDn, passwordFile, caFile } = slapd;
  return settingsFor(urls, { base, bindDn, passwordFile, caFile, ...changes });
}

async function failure(settings: DirectorySettings): Promise<DirectoryError> {
  const error = await collect(settings, [recipients]).catch((reason: unknown) => reason);
  if (!(error instanceof DirectoryError)) throw new Error(`no DirectoryError: ${String(error)}`);
  expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain(
    slapd.password,
  );
  return error;
}

test('the same entries come over ldaps, StartTLS and in the clear', async () => {
  const [ldaps, starttls, plain] = [
    await collect(campus([slapd.ldapsUrl]), [recipients]),
    await collect(campus([slapd.url], { starttls: true }), [recipients]),
    await collect(campus([slapd.url], { allowPlaintext: true }), [recipients]),
  ];
  expect(ldaps.entries[0]?.length).toBeGreaterThan(1000);
  expect(starttls.entries).toEqual(ldaps.entries);
  expect(plain.entries).toEqual(ldaps.entries);
});

test('the certificate is verified against the host of the URL', async () => {
  const { port } = new URL(slapd.ldapsUrl);
  const named = await collect(campus([`ldaps://localhost:${port}`]), [recipients]);
  expect(named.entries[0]?.length).toBeGreaterThan(1000);
  const certificate = slapd.authority.issue({ name: 'dc1.example.org' });
  const other = await startSlapd({ certificate });
  try {
    for (const [urls, starttls] of [
      [[other.ldapsUrl], false],
      [[other.url], true],
    ] as const) {
      const error = await failure(campus(urls, { starttls, caFile: slapd.caFile }));
      expect(error.fault).toBe('tls');
    }
  } finally {
    await other.stop();
  }
});

test.each([
  [
    'a name that is not the host',
    { name: 'dc1.example.org' },
    /altname.*name the server in urls as its certificate does/i,
  ],
  ['an end in the past', { expired: true }, /expired; renew it on the server/],
])('a certificate with %s is refused', async (_, options, message) => {
  const authority = makeAuthority(folder);
  const server = await startSlapd({ certificate: authority.issue(options) });
  try {
    for (const [url, starttls] of [
      [server.ldapsUrl, false],
      [server.url, true],
    ] as const) {
      const error = await failure(campus([url, slapd.ldapsUrl], { starttls, caFile: authority.caFile }));
      expect(error.fault).toBe('tls');
      expect(error.url).toBe(url);
      expect(error.message).toMatch(message);
    }
  } finally {
    await server.stop();
  }
});

test.each([
  ['another authority', () => makeAuthority(folder).caFile],
  ["the system's authorities", () => undefined],
])('a certificate that %s did not issue is refused', async (_, caFile) => {
  const error = await failure(campus([slapd.ldapsUrl], { caFile: caFile() }));
  expect(error.fault).toBe('tls');
  expect(error.message).toContain('see ca_file');
});

test.each([
  ['missing', () => join(folder, 'no-such-file')],
  ['no certificate', () => secret('rubbish.pem', 'rubbish')],
])('a ca_file that is %s is named', async (_, caFile) => {
  const error = await failure(campus([slapd.ldapsUrl], { caFile: caFile() }));
  expect(error.fault).toBe('configuration');
  expect(error.message).toContain('ca_file');
});

test('a wrong password is tried once, on one server', async () => {
  const error = await failure(
    campus([slapd.ldapsUrl, slapd.ldapsUrl], { passwordFile: secret('wrong', 'not the password') }),
  );
  expect(error.result).toEqual({ code: 49, name: 'invalidCredentials' });
  expect(error.message).toContain('see bind_dn and password_file');
  expect(error.message).not.toContain('not the password');

  const refuses = {
    bind: (id: number, socket: { write(bytes: Buffer): void }) => socket.write(bindResponse(id, 49)),
  };
  await using first = await startScripted(refuses);
  await using second = await startScripted({});
  const settings = settingsFor([first.url, second.url], {
    bindDn: 'cn=a',
    passwordFile,
    allowPlaintext: true,
  });
  await failure(settings);
  expect([first.binds, first.connections, second.connections]).toEqual([1, 1, 0]);
});

test("Active Directory's reason for refusing a password is told", async () => {
  const diagnostic =
    '80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 775, v4563\0';
  await using server = await startScripted({
    bind: (id, socket) => socket.write(bindResponse(id, 49, diagnostic)),
  });
  const error = await failure(
    settingsFor([server.url], { bindDn: 'cn=a', passwordFile, allowPlaintext: true }),
  );
  expect(error.message).toContain('the account of bind_dn is locked out');
});

test('the password goes out as it is in its file, less one line break', async () => {
  let sent = Buffer.alloc(0);
  await using server = await startScripted({
    connected: (socket) => {
      socket.on('data', (bytes) => {
        sent = Buffer.concat([sent, bytes]);
      });
    },
    search: ({ id }, socket) => {
      socket.write(searchEntry(id, 'cn=a', [['proxyAddresses', ['SMTP:a@b.c']]]));
      socket.write(searchDone(id, 0, Buffer.alloc(0)));
    },
  });
  const settings = settingsFor([server.url], { bindDn: 'cn=a', passwordFile, allowPlaintext: true });
  const { entries } = await collect(settings, [addresses]);
  expect(entries).toEqual([['a@b.c: a@b.c']]);
  const bytes = Buffer.from(password);
  expect(sent.includes(Buffer.concat([Buffer.from([0x80, bytes.length]), bytes]))).toBe(true);
});

test('a password never goes over an unencrypted connection unasked', async () => {
  let sent = 0;
  await using server = await startScripted({
    connected: (socket) => {
      socket.on('data', (bytes) => {
        sent += bytes.length;
      });
    },
  });
  const error = await failure(settingsFor([server.url], { bindDn: 'cn=a', passwordFile }));
  expect(error.fault).toBe('configuration');
  expect(error.message).toContain('allow_plaintext');
  expect(sent).toBe(0);
});

test('when the server refuses StartTLS, nothing more is said', async () => {
  await using server = await startScripted({
    extended: (id, socket) => socket.write(extendedResponse(id, 53)),
  });
  const error = await failure(
    settingsFor([server.url], { bindDn: 'cn=a', passwordFile, starttls: true, allowPlaintext: true }),
  );
  expect(error.message).toContain('StartTLS was answered with unwillingToPerform (53)');
  expect(server.binds).toBe(0);
});

test('what is slipped in before the TLS handshake is not read as if it came after it', async () => {
  const { certFile, keyFile } = slapd.authority.issue();
  const [cert, key] = [readFileSync(certFile), readFileSync(keyFile)];
  const injected = bindResponse(2, 0, 'x'.repeat(100)).subarray(0, 30);
  await using server = await startScripted({
    extended(id, socket) {
      socket.removeAllListeners('data');
      socket.write(Buffer.concat([extendedResponse(id, 0), injected]));
      server.serve(new TLSSocket(socket, { isServer: true, cert, key }));
    },
    bind: (id, socket) => socket.write(bindResponse(id, 49)),
  });
  const error = await failure(
    settingsFor([server.url], {
      bindDn: 'cn=a',
      passwordFile,
      starttls: true,
      caFile: slapd.caFile,
      operationTimeout: 5000,
    }),
  );
  expect(error.result?.name).toBe('invalidCredentials');
});

test.each([
  ['the StartTLS answer', {}, 'no answer to StartTLS within 500 ms'],
  [
    'the TLS handshake',
    {
      extended: (id: number, socket: { write(bytes: Buffer): void }) => socket.write(extendedResponse(id, 0)),
    },
    'no end of the TLS handshake within 500 ms',
  ],
])('%s has a time limit, and then the next server is asked', async (_, script, message) => {
  await using server = await startScripted({ extended: () => {}, ...script });
  const settings = campus([server.url, slapd.url], {
    starttls: true,
    connectTimeout: 500,
    operationTimeout: 500,
  });
  const { report } = await collect(settings, [recipients]).catch(async (error) => {
    // slapd may need longer than that on a busy machine; the first server's fault is what counts.
    if (!(error instanceof DirectoryError)) throw error;
    return { report: { failedServers: error.failedServers } };
  });
  expect(report.failedServers).toEqual([{ url: server.url, message }]);
});

test('a bind has a time limit', async () => {
  await using server = await startScripted({ bind: () => {} });
  const error = await failure(
    settingsFor([server.url], { bindDn: 'cn=a', passwordFile, allowPlaintext: true, operationTimeout: 100 }),
  );
  expect(error.fault).toBe('timeout');
  expect(error.message).toContain('no answer to the bind within 100 ms');
});

test('ldaps to a server without TLS fails in time', async () => {
  await using server = await startScripted({});
  const error = await failure(campus([server.url.replace('ldap:', 'ldaps:')], { connectTimeout: 200 }));
  expect(['tls', 'timeout']).toContain(error.fault);
});

test('a server that is not there is passed over', async () => {
  const nobody = `ldaps://127.0.0.1:${await freePort()}`;
  const { report, entries } = await collect(campus([nobody, slapd.ldapsUrl]), [recipients]);
  expect(entries[0]?.length).toBeGreaterThan(1000);
  expect(report.failedServers).toHaveLength(1);
  expect(report.failedServers[0]?.message).toContain('ECONNREFUSED');
});

test.each(['http://localhost', 'ldap://', 'localhost:389', 'ldapi:///'])(
  '%s is no URL of a server',
  async (url) => {
    const error = await failure(campus([url]));
    expect(error.fault).toBe('configuration');
    expect(error.message).toContain('no ldap:// or ldaps:// URL');
  },
);

test('a search before which the server wants a bind says so', async () => {
  const error = await failure(settingsFor([slapd.ldapsUrl], { base: slapd.base, caFile: slapd.caFile }));
  expect(error.fault).toBe('result');
  expect(error.message).toMatch(/see base|bind/);
});

test('a probe tells who answered and how', async () => {
  const report = await probe(campus([slapd.url], { starttls: true }), ['(proxyAddresses=*)', '(cn=nobody)']);
  expect(report).toMatchObject({
    url: slapd.url,
    server: 'openldap',
    hasRecipients: true,
    failedServers: [],
  });
  expect(report.supportedControls).toContain('1.2.840.113556.1.4.319');
  expect(report.tls?.protocol).toMatch(/^TLSv1\.[23]$/);
  expect(report.tls?.subject).toBe('localhost');
  expect(report.tls?.expires.getTime()).toBeGreaterThan(Date.now());

  const plain = await probe(campus([slapd.url], { allowPlaintext: true }), ['(cn=nobody)']);
  expect(plain).toMatchObject({ tls: undefined, hasRecipients: false });
  await expect(probe(campus([slapd.ldapsUrl], { base: 'dc=nowhere' }), ['(cn=a)'])).rejects.toThrow(
    'noSuchObject',
  );
});
