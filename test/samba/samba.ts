import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { base, serviceAccount, servicePassword } from '../../fixtures/campus/university.ts';
import { type Authority, type Certificate, makeAuthority } from '../../fixtures/certificates.ts';
import { writeSmbConf } from './smb-conf.ts';
import { adminPassword, domainTemplate } from './template.ts';

const run = promisify(execFile);
const environment = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin` };
const campus = join(import.meta.dirname, '../../fixtures/campus/directory.ldif');
const renamer = join(import.meta.dirname, 'invocation.py');

export interface SambaOptions {
  /** What it serves besides its own objects: an LDIF file as fixtures/campus makes it. Default: the committed campus. */
  readonly ldif?: string;
  /** The server's certificate, for the address that it serves. Default: a good one. */
  readonly certificate?: (authority: Authority, address: string) => Certificate;
}

export interface Samba {
  /** `ldap://`, without encryption until somebody asks for StartTLS: a simple bind before that is refused. */
  readonly url: string;
  readonly ldapsUrl: string;
  readonly authority: Authority;
  readonly caFile: string;
  readonly base: string;
  /** An ordinary account, without the right to replicate, and its password; the file has mode 0600 and no newline. */
  readonly bindDn: string;
  readonly password: string;
  readonly passwordFile: string;
  /** A domain administrator. */
  readonly adminDn: string;
  readonly adminPassword: string;
  readonly adminPasswordFile: string;
  /** Its own folder, gone after `stop`. */
  readonly folder: string;
  /**
   * Makes changes as the administrator, one after the other.
   *
   * @param ldif records with a changetype (RFC 2849)
   * @param flags further ones for ldapmodify
   * @throws Error with what ldapmodify printed
   */
  change(ldif: string, ...flags: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts Samba as an Active Directory domain controller on a loopback address of its own, as its ports are fixed (389, 636,
 * 3268, 3269), loaded with a campus. Its folder and its processes go away with `stop`, or when this process ends, however
 * it ends.
 *
 * @throws Error with what Samba printed
 */
export async function startSamba(options: SambaOptions = {}): Promise<Samba> {
  const template = await domainTemplate(options.ldif ?? campus);
  // Somebody may have the address already.
  for (let attempt = 1; ; attempt++) {
    const folder = mkdtempSync(join(tmpdir(), 'samba-'));
    try {
      await copyDomain(template, folder);
      return await start(folder, options);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      if (attempt === 3) throw error;
    }
  }
}

/**
 * Another domain controller in the place of one, which stops: it has the same contents, as replication would have brought them, and
 * counts its changes under an invocation id, and listens at an address, of its own.
 *
 * @throws Error with what Samba printed
 */
export async function startSuccessor(samba: Samba): Promise<Samba> {
  const folder = mkdtempSync(join(tmpdir(), 'samba-'));
  try {
    // Nothing writes to it just now.
    await copyDomain(samba.folder, folder);
    await samba.stop();
    writeSmbConf(folder);
    // Samba's libraries belong to the system's Python.
    await run('/usr/bin/python3', [renamer, folder]);
    return await start(folder, {});
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function copyDomain(from: string, to: string): Promise<void> {
  await run('cp', ['-a', '--', ...['private', 'state'].map((name) => join(from, name)), to]);
}

async function start(folder: string, options: SambaOptions): Promise<Samba> {
  const authority = makeAuthority(folder);
  const passwordFile = join(folder, 'ad.secret');
  const adminPasswordFile = join(folder, 'admin.secret');
  writeFileSync(passwordFile, servicePassword, { mode: 0o600 });
  writeFileSync(adminPasswordFile, adminPassword, { mode: 0o600 });
  const adminDn = `CN=Administrator,CN=Users,${base}`;
  const address = `127.${randomInt(64, 255)}.${randomInt(256)}.${randomInt(1, 255)}`;
  const certificate = options.certificate?.(authority, address) ?? authority.issue({ name: address });
  const configuration = writeSmbConf(folder, {
    address,
    certificate: { ...certificate, caFile: authority.caFile },
  });
  const samba = await listening(spawnSamba(folder, configuration), address);
  const ldapsUrl = `ldaps://${address}`;
  return {
    url: `ldap://${address}`,
    ldapsUrl,
    authority,
    caFile: authority.caFile,
    base,
    bindDn: serviceAccount,
    password: servicePassword,
    passwordFile,
    adminDn,
    adminPassword,
    adminPasswordFile,
    folder,
    async change(ldif, ...flags) {
      // Whatever certificate it shows: this is not what the test is about.
      const args = ['-x', '-H', ldapsUrl, '-D', adminDn, '-y', adminPasswordFile, ...flags];
      const done = run('ldapmodify', args, { env: { ...environment, LDAPTLS_REQCERT: 'never' } });
      done.child.stdin?.end(ldif);
      await done;
    },
    async stop() {
      await end(samba);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Samba ends, with all of its process group, when its standard input does: that is when we end it or are no more. The
 * shell then removes the folder.
 */
function spawnSamba(folder: string, configuration: string): ChildProcessByStdio<Writable, Readable, null> {
  // One process, which serves one request after the other.
  const script = 'trap : TERM; samba -i -M single -s "$1" --debug-stdout 2>&1; rm -rf "$0"';
  return spawn('sh', ['-c', script, folder, configuration], {
    env: environment,
    // Out of the reach of the terminal's interrupts, which would leave the folder behind.
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

/** @throws Error with what it printed, where it ends without ever accepting connections */
async function listening(
  samba: ReturnType<typeof spawnSamba>,
  address: string,
): Promise<ReturnType<typeof spawnSamba>> {
  let printed = '';
  samba.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed = (printed + text).slice(-4000);
  });
  for (const port of [389, 636]) {
    while (!(await accepts(port, address))) {
      if (samba.exitCode !== null || samba.signalCode !== null) {
        throw new Error(`Samba did not start: ${printed}`);
      }
      await pause(10);
    }
  }
  return samba;
}

async function accepts(port: number, address: string): Promise<boolean> {
  const socket = connect(port, address);
  const connected = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
  socket.destroy();
  return connected;
}

async function end(samba: ReturnType<typeof spawnSamba>): Promise<void> {
  if (samba.exitCode !== null || samba.signalCode !== null) return;
  const exit = once(samba, 'exit');
  samba.stdin.end();
  await exit;
}
