import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import dns from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { type Authority, makeAuthority } from '../../fixtures/certificates.ts';
import type { LdifRecord } from '../../fixtures/ldif.ts';
import { type FixtureServer, startFixtureServer } from '../../fixtures/server/server.ts';
import { DirectoryError } from '../../src/ldap/error.ts';
import { findServers, inOrder } from '../../src/ldap/srv.ts';
import { addresses, collect, settingsFor } from './collect.ts';
import { freePort } from './slapd-process.ts';

const before = dns.getServers();
// An address of its own: dnsmasq needs one port for both UDP and TCP, and at 127.0.0.1 others take ports all the time.
const nameServer = `127.${randomInt(64, 255)}.${randomInt(256)}.${randomInt(1, 255)}`;
const namePort = 5300;
let dnsmasq: ChildProcess;
let directory: FixtureServer;
let nobody: number;
let folder: string;
let authority: Authority;
/** Of a certificate for another name. */
let wrong: FixtureServer;
/** Of certificates for an alias, and for what it stands for. */
let named: { readonly alias: FixtureServer; readonly host: FixtureServer };

beforeAll(async () => {
  const base = 'dc=test';
  folder = mkdtempSync(join(tmpdir(), 'ldap-srv-'));
  writeFileSync(join(folder, 'password'), 'geheim', { mode: 0o600 });
  authority = makeAuthority(folder);
  const text = (name: string, value: string): [string, Buffer] => [name, Buffer.from(value)];
  const ldif: LdifRecord[] = [
    { dn: base, attributes: [text('objectClass', 'domainDNS')] },
    { dn: `cn=reader,${base}`, attributes: [text('objectClass', 'user'), text('userPassword', 'geheim')] },
  ];
  directory = await startFixtureServer({ ldif, tls: authority.issue() });
  wrong = await startFixtureServer({ ldif, tls: authority.issue({ name: 'dc1.example.org' }) });
  const withName = (name: string) => startFixtureServer({ ldif, tls: authority.issue({ name }) });
  named = { alias: await withName('ldap.ad.test'), host: await withName('dc1.ad.test') };
  nobody = await freePort();
  const there = Number(new URL(directory.url).port);
  const records = [
    // The one that is not there comes first.
    `_ldap._tcp.localhost,localhost,${nobody},10,100`,
    `_ldap._tcp.localhost,localhost,${there},20,100`,
    `_ldap._tcp.london._sites.localhost,LocalHost,${there},0,0`,
    '_ldap._tcp.elsewhere.test,dc1.elsewhere.test,389,0,0',
    '_ldap._tcp.elsewhere.test,dc1.attacker.example,389,0,0',
    '_ldap._tcp.none.test',
    `_ldap._tcp.wrong-name._sites.localhost,localhost,${new URL(wrong.url).port},0,0`,
    `_ldap._tcp.ad.test,ldap.ad.test,${new URL(named.alias.url).port},0,0`,
    `_ldap._tcp.host._sites.ad.test,ldap.ad.test,${new URL(named.host.url).port},0,0`,
  ];
  const aliases = [
    'ldap.ad.test,dc1.ad.test',
    '_ldap._tcp.paris._sites.ad.test,_ldap._tcp.ad.test',
    '_ldap._tcp.renamed.test,_ldap._tcp.ad.test',
  ];
  const options = [
    '--no-resolv',
    '--no-hosts',
    '--bind-interfaces',
    `--listen-address=${nameServer}`,
    '--local=/test/',
  ];
  dnsmasq = spawn(
    'dnsmasq',
    [
      '--keep-in-foreground',
      '--conf-file=/dev/null',
      '--pid-file=',
      `--port=${namePort}`,
      '--user=',
      ...options,
      '--txt-record=_ldap._tcp.text.test,no server',
      '--host-record=dc1.ad.test,127.0.0.1',
      ...records.map((record) => `--srv-host=${record}`),
      ...aliases.map((alias) => `--cname=${alias}`),
    ],
    {
      env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin` },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  await answering();
  dns.setServers([`${nameServer}:${namePort}`]);
});

afterAll(async () => {
  dns.setServers(before);
  await directory?.stop();
  await wrong?.stop();
  await Promise.all([named?.alias.stop(), named?.host.stop()]);
  rmSync(folder, { recursive: true, force: true });
  if (dnsmasq === undefined || dnsmasq.exitCode !== null) return;
  dnsmasq.kill();
  await once(dnsmasq, 'exit');
});

async function answering(): Promise<void> {
  let printed = '';
  dnsmasq.stderr?.on('data', (text) => {
    printed += String(text);
  });
  const resolver = new Resolver({ timeout: 200, tries: 1 });
  resolver.setServers([`${nameServer}:${namePort}`]);
  while (dnsmasq.exitCode === null) {
    const error: NodeJS.ErrnoException | undefined = await resolver.resolveSrv('_ldap._tcp.localhost').then(
      () => undefined,
      (reason) => reason,
    );
    if (error === undefined) return;
  }
  throw new Error(`dnsmasq did not start: ${printed}`);
}

const find = (domain: string, connectTimeout = 10_000) =>
  findServers(`srv:${domain}`, { name: 'ad', connectTimeout }, new AbortController().signal);

async function failure(domain: string, connectTimeout?: number): Promise<DirectoryError> {
  const error = await find(domain, connectTimeout).catch((reason: unknown) => reason);
  if (!(error instanceof DirectoryError)) throw new Error(`no DirectoryError: ${String(error)}`);
  return error;
}

test('the servers of a domain come by priority, with their ports', async () => {
  const { port } = new URL(directory.url);
  expect(await find('localhost')).toEqual([`ldap://localhost:${nobody}`, `ldap://localhost:${port}`]);
});

test("a site's servers lie in the domain, not in the site", async () => {
  const { port } = new URL(directory.url);
  expect(await find('london._sites.localhost')).toEqual([`ldap://localhost:${port}`]);
});

test('an extraction goes on to the next server that the DNS names', async () => {
  const settings = settingsFor(['srv:localhost'], { base: directory.base });
  const error = await collect(settings, [addresses]).catch((reason: unknown) => reason);
  // The fixture server answers an anonymous search with a refusal: it was reached.
  expect(error).toBeInstanceOf(DirectoryError);
  expect(String(error)).toMatch(
    /ldap:\/\/localhost:\d+: a search was answered.*before that, ldap:.*ECONNREFUSED/,
  );
});

test('a name of the service may be an alias, and so may the name of a server', async () => {
  const { port } = new URL(named.alias.url);
  expect(await find('ad.test')).toEqual([`ldap://ldap.ad.test:${port}`]);
  expect(await find('paris._sites.ad.test')).toEqual([`ldap://ldap.ad.test:${port}`]);
});

test('an alias that leads to servers of another domain is refused, as these would be without it', async () => {
  const error = await failure('renamed.test');
  expect(error).toMatchObject({ fault: 'configuration', url: 'srv:renamed.test' });
  expect(error.message).toContain('the server ldap.ad.test, which is not in renamed.test');
});

test('the certificate fits the name in the record, and not what that is an alias of', async () => {
  askTheDnsForAddresses();
  const account = { bindDn: 'cn=reader,dc=test', passwordFile: join(folder, 'password'), starttls: true };
  const settings = settingsFor(['srv:ad.test'], { base: 'dc=test', ...account, caFile: authority.caFile });
  const { report } = await collect(settings, [addresses]);
  expect(report.url).toBe(`ldap://ldap.ad.test:${new URL(named.alias.url).port}`);
  expect(report.certificates[0]?.subject).toBe('ldap.ad.test');
  const other = { ...settings, urls: ['srv:host._sites.ad.test'] };
  await expect(collect(other, [addresses])).rejects.toThrow(/TLS failed: .*ldap\.ad\.test/);
});

/** Connections find their addresses where the service records are; otherwise the machine's own names are asked. */
function askTheDnsForAddresses(): void {
  const resolver = new Resolver();
  resolver.setServers(dns.getServers());
  const lookup = vi.spyOn(dns, 'lookup');
  onTestFinished(() => lookup.mockRestore());
  lookup.mockImplementation((name: string, ...rest: unknown[]) => {
    const done = rest.at(-1);
    if (typeof done !== 'function') throw new Error('nobody waits for the address');
    resolver.resolve4(name).then(
      ([address]) => done(null, [{ address, family: 4 }]),
      (error: unknown) => done(error),
    );
    return {};
  });
}

test('what the DNS names is believed for its certificate only', async () => {
  const account = { bindDn: 'cn=reader,dc=test', passwordFile: join(folder, 'password'), starttls: true };
  const settings = settingsFor(['srv:localhost'], {
    base: directory.base,
    ...account,
    caFile: authority.caFile,
  });
  const { report } = await collect(settings, [addresses]);
  expect(report.url).toBe(directory.url.replace('127.0.0.1', 'localhost'));
  expect(report.certificates[0]?.subject).toBe('localhost');
  const other = { ...settings, urls: ['srv:wrong-name._sites.localhost'] };
  await expect(collect(other, [addresses])).rejects.toThrow(/TLS failed: .*localhost/);
});

test.each([
  ['nothing.test', 'DNS has no servers under _ldap._tcp.nothing.test (no such name): see urls'],
  ['text.test', '(no SRV record there)'],
  ['none.test', 'is offered by no server'],
  ['elsewhere.test', 'the server dc1.attacker.example, which is not in elsewhere.test'],
])('%s: %s', async (domain, message) => {
  const error = await failure(domain);
  expect(error).toMatchObject({ fault: 'configuration', url: `srv:${domain}`, isServersOwn: false });
  expect(error.message).toContain(message);
});

test('DNS that does not answer counts as a server that fails, and the next of urls is asked', async () => {
  const mine = dns.getServers();
  const silent = createSocket('udp4').bind(0, '127.0.0.1');
  await once(silent, 'listening');
  dns.setServers([`127.0.0.1:${silent.address().port}`]);
  try {
    const error = await failure('localhost', 100);
    expect(error).toMatchObject({ fault: 'unreachable', isServersOwn: true });
    expect(error.message).toContain('within 100 ms');
    const settings = settingsFor(['srv:localhost', directory.url], {
      base: directory.base,
      connectTimeout: 100,
    });
    const last = await collect(settings, [addresses]).catch((reason: unknown) => String(reason));
    expect(last).toMatch(
      new RegExp(`${directory.url}: a search .*before that, srv:localhost: DNS gave no answer`),
    );
  } finally {
    dns.setServers(mine);
    silent.close();
  }
});

test('among equal priorities the weights decide how often a server comes first', () => {
  const record = (name: string, priority: number, weight: number) => ({ name, port: 389, priority, weight });
  const records = [
    record('backup', 1, 65_535),
    record('never', 0, 0),
    record('small', 0, 1),
    record('large', 0, 3),
  ];
  let seed = 7;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const first = new Map<string, number>();
  for (let i = 0; i < 5000; i++) {
    const order = inOrder(records, random).map(({ name }) => name);
    expect([...order].sort()).toEqual(['backup', 'large', 'never', 'small']);
    expect(order[3]).toBe('backup');
    first.set(order[0] ?? '', (first.get(order[0] ?? '') ?? 0) + 1);
  }
  // RFC 2782 draws one of 0 to the total, so a weight of 0 has a very small chance, here one in five.
  const share = (name: string) => (first.get(name) ?? 0) / 5000;
  expect(share('never')).toBeCloseTo(1 / 5, 1);
  expect(share('small')).toBeCloseTo(1 / 5, 1);
  expect(share('large')).toBeCloseTo(3 / 5, 1);
});
