import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { base, serviceAccount, servicePassword } from '../../fixtures/campus/university.ts';
import { type Authority, type Certificate, makeAuthority } from '../../fixtures/certificates.ts';
import { loadLdif, SlapdProcess, slapdModules } from '../ldap/slapd-process.ts';

const fixtures = join(import.meta.dirname, '../../fixtures');
const schema = join(fixtures, 'schema/active-directory.schema');

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
  loadLdif(configuration, options.ldif ?? join(fixtures, 'campus/directory.ldif'));
  if (options.references ?? true) {
    const path = join(folder, 'references.ldif');
    writeFileSync(path, references());
    loadLdif(configuration, path);
  }
  const passwordFile = join(folder, 'ad.secret');
  writeFileSync(passwordFile, servicePassword, { mode: 0o600 });

  const slapd = await SlapdProcess.start(configuration, ['ldap', 'ldaps']);
  const [ldap, ldaps] = slapd.ports;
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
    pid: slapd.pid,
    async stop() {
      await slapd.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function slapdConf(folder: string, authority: Authority, options: SlapdOptions): string {
  const { certFile, keyFile } = options.certificate ?? authority.issue();
  const limit = options.sizeLimit ?? 'unlimited';
  return [
    ...(slapdModules === undefined ? [] : [`modulepath ${slapdModules}`, 'moduleload back_mdb']),
    ...(slapdModules !== undefined && options.tellsChanges ? ['moduleload syncprov'] : []),
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
    ...(options.tellsChanges ? ['index objectClass,entryUUID,entryCSN eq'] : []),
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
