import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { base, serviceAccount, servicePassword } from '../../fixtures/campus/university.ts';
import { type Authority, type Certificate, makeAuthority } from '../../fixtures/certificates.ts';

const fixtures = join(import.meta.dirname, '../../fixtures');
const schema = join(fixtures, 'schema/active-directory.schema');
const modules = ['/usr/lib/ldap', '/usr/lib64/openldap', '/usr/lib/openldap'].find((path) =>
  existsSync(path),
);
// slapd is a server's program: an ordinary user's PATH may lack its folder.
const environment = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/lib/openldap` };

const rootDn = `CN=root,${base}`;

export interface SlapdOptions {
  /** What it serves: an LDIF file with the campus' base. Default: the committed campus. */
  readonly ldif?: string;
  /** The server's certificate. Default: a good one, from an authority of its own. */
  readonly certificate?: Certificate;
  /** Most entries that one search answers, whether in pages or not. Default: no limit. */
  readonly sizeLimit?: number;
  /** Most entries in one page; a search that asks for larger ones is refused. Default: no limit. */
  readonly pageLimit?: number;
  /** May anybody read without a bind? Default: only the service account reads. */
  readonly anonymous?: boolean;
  /** Does it tell what has changed, as docs/directory.md has it? Default: it knows times of modification only. */
  readonly tellsChanges?: boolean;
  /** Does a search of the whole domain answer search references too, as Active Directory's does? Default: yes. */
  readonly references?: boolean;
}

export interface Slapd {
  /** `ldap://`, without encryption until somebody asks for StartTLS. */
  readonly url: string;
  readonly ldapsUrl: string;
  /** The same as `url`: for a client that asks for StartTLS. */
  readonly starttlsUrl: string;
  readonly authority: Authority;
  readonly caFile: string;
  readonly base: string;
  readonly bindDn: string;
  /** May change everything; its password is the same. */
  readonly rootDn: string;
  /** Mode 0600, without a newline: `ldapsearch -y` takes that for a part of the password. */
  readonly passwordFile: string;
  readonly password: string;
  /** Its own folder, gone after `stop`. */
  readonly folder: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * Starts OpenLDAP's slapd on free ports of the loopback interface, loaded with a campus.
 *
 * @throws Error with what slapd or slapadd printed
 */
export async function startSlapd(options: SlapdOptions = {}): Promise<Slapd> {
  const folder = mkdtempSync(join(tmpdir(), 'slapd-'));
  try {
    return await start(folder, options);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function start(folder: string, options: SlapdOptions): Promise<Slapd> {
  const authority = makeAuthority(folder);
  const configuration = join(folder, 'slapd.conf');
  writeFileSync(configuration, slapdConf(folder, authority, options));
  mkdirSync(join(folder, 'db'));
  load(configuration, options.ldif ?? join(fixtures, 'campus/directory.ldif'));
  if (options.references ?? true) {
    const path = join(folder, 'references.ldif');
    writeFileSync(path, references());
    load(configuration, path);
  }
  const passwordFile = join(folder, 'ad.secret');
  writeFileSync(passwordFile, servicePassword, { mode: 0o600 });

  const { process: slapd, ldap, ldaps } = await listen(configuration);
  const killWithUs = () => slapd.kill('SIGKILL');
  process.once('exit', killWithUs);
  return {
    url: `ldap://127.0.0.1:${ldap}`,
    ldapsUrl: `ldaps://127.0.0.1:${ldaps}`,
    starttlsUrl: `ldap://127.0.0.1:${ldap}`,
    authority,
    caFile: authority.caFile,
    base,
    bindDn: serviceAccount,
    rootDn,
    passwordFile,
    password: servicePassword,
    folder,
    pid: slapd.pid ?? 0,
    async stop() {
      process.off('exit', killWithUs);
      await end(slapd);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function slapdConf(folder: string, authority: Authority, options: SlapdOptions): string {
  const { certFile, keyFile } = options.certificate ?? authority.issue();
  const limit = options.sizeLimit ?? 'unlimited';
  return [
    ...(modules === undefined ? [] : [`modulepath ${modules}`, 'moduleload back_mdb']),
    ...(modules !== undefined && options.tellsChanges ? ['moduleload syncprov'] : []),
    `include ${schema}`,
    `pidfile ${join(folder, 'slapd.pid')}`,
    `TLSCACertificateFile ${authority.caFile}`,
    `TLSCertificateFile ${certFile}`,
    `TLSCertificateKeyFile ${keyFile}`,
    'threads 4',
    `sizelimit size.soft=${limit} size.hard=${limit} size.pr=${options.pageLimit ?? 'unlimited'}`,
    'timelimit unlimited',
    'access to dn.base="" by * read',
    'access to dn.base="cn=Subschema" by * read',
    'database mdb',
    `suffix "${base}"`,
    `rootdn "${rootDn}"`,
    `rootpw ${servicePassword}`,
    `directory ${join(folder, 'db')}`,
    `maxsize ${16 * 2 ** 30}`,
    'dbnosync',
    ...(options.tellsChanges ? ['index entryUUID,entryCSN eq'] : []),
    'access to attrs=userPassword by anonymous auth by * none',
    `access to * by dn.exact="${serviceAccount}" read by anonymous ${options.anonymous ? 'read' : 'auth'} by * none`,
    ...(options.tellsChanges ? ['overlay syncprov', 'syncprov-sessionlog 10000'] : []),
    '',
  ].join('\n');
}

/** The naming contexts that a domain controller keeps elsewhere, as referrals. */
function references(): string {
  return ['DC=DomainDnsZones', 'DC=ForestDnsZones', 'CN=Configuration']
    .map((rdn) => {
      const [attribute = '', value = ''] = rdn.split('=');
      const host = attribute === 'DC' ? `${value}.ad.example.ac.uk` : 'ad.example.ac.uk';
      const lines = [`dn: ${rdn},${base}`, 'objectClass: referral', 'objectClass: extensibleObject'];
      return [...lines, `${attribute}: ${value}`, `ref: ldap://${host}/${rdn},${base}`, ''].join('\n');
    })
    .join('\n');
}

function load(configuration: string, ldif: string): void {
  execFileSync('slapadd', ['-q', '-f', configuration, '-l', ldif], {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

interface Listening {
  readonly process: ChildProcess;
  readonly ldap: number;
  readonly ldaps: number;
}

async function listen(configuration: string): Promise<Listening> {
  // Somebody may take a free port before slapd does.
  for (let attempt = 1; ; attempt++) {
    const ldap = await freePort();
    const ldaps = await freePort();
    const urls = `ldap://127.0.0.1:${ldap} ldaps://127.0.0.1:${ldaps}`;
    const slapd = spawn('slapd', ['-d', '0', '-f', configuration, '-h', urls], {
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let printed = '';
    slapd.stderr.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    slapd.on('error', (error) => {
      printed += error.message;
    });
    if ((await answers(slapd, ldap)) && (await answers(slapd, ldaps))) return { process: slapd, ldap, ldaps };
    if (attempt === 3) throw new Error(`slapd did not start: ${printed}`);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  server.close();
  await once(server, 'close');
  return address.port;
}

/** Does it accept connections, or end without ever doing so? */
async function answers(child: ChildProcess, port: number): Promise<boolean> {
  while (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const socket = connect(port, '127.0.0.1');
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (connected) return true;
    await pause(10);
  }
  return false;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}
