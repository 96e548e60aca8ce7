import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const environment = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/lib/openldap` };
const modules = ['/usr/lib/ldap', '/usr/lib64/openldap', '/usr/lib/openldap'].find(existsSync);

export const suffix = 'dc=test';
export const manager = `cn=manager,${suffix}`;
export const managerPassword = 'manager-secret';

export interface SlapdOptions {
  /** Where its files go; a database that is there already is used as it is. */
  readonly folder: string;
  /** Paths of schema files, in order. */
  readonly schema: readonly string[];
  /** Loaded into a new database. */
  readonly ldif: string;
  /** Further lines of the configuration: of the whole server, and of the database. */
  readonly serverLines?: readonly string[];
  readonly databaseLines?: readonly string[];
}

export interface Slapd {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a slapd of any schema and contents on a free port of the loopback interface. */
export async function startSlapd(options: SlapdOptions): Promise<Slapd> {
  const { folder } = options;
  mkdirSync(folder, { recursive: true });
  const configuration = join(folder, 'slapd.conf');
  writeFileSync(configuration, slapdConf(options));
  const database = join(folder, 'db');
  if (!existsSync(join(folder, 'loaded'))) {
    mkdirSync(database, { recursive: true });
    execFileSync('slapadd', ['-q', '-f', configuration, '-l', options.ldif], {
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    writeFileSync(join(folder, 'loaded'), '');
  }
  const { process: slapd, port } = await listen(configuration);
  const killWithUs = () => slapd.kill('SIGKILL');
  process.once('exit', killWithUs);
  return {
    url: `ldap://127.0.0.1:${port}`,
    async stop() {
      process.off('exit', killWithUs);
      if (slapd.exitCode !== null) return;
      const exit = once(slapd, 'exit');
      slapd.kill('SIGTERM');
      await exit;
    },
  };
}

function slapdConf({ folder, schema, serverLines = [], databaseLines = [] }: SlapdOptions): string {
  return [
    ...(modules === undefined ? [] : [`modulepath ${modules}`, 'moduleload back_mdb']),
    ...schema.map((path) => `include ${path}`),
    'threads 2',
    'sizelimit unlimited',
    'timelimit unlimited',
    ...serverLines,
    'database mdb',
    `suffix "${suffix}"`,
    `rootdn "${manager}"`,
    `rootpw ${managerPassword}`,
    `directory ${join(folder, 'db')}`,
    `maxsize ${16 * 2 ** 30}`,
    'dbnosync',
    ...databaseLines,
    '',
  ].join('\n');
}

async function listen(configuration: string): Promise<{ process: ChildProcess; port: number }> {
  // Somebody may take a free port before slapd does.
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const slapd = spawn('slapd', ['-d', '0', '-f', configuration, '-h', `ldap://127.0.0.1:${port}`], {
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let printed = '';
    slapd.stderr.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    if (await accepts(slapd, port)) return { process: slapd, port };
    if (attempt === 3) throw new Error(`slapd did not start: ${printed}`);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  server.close();
  await once(server, 'close');
  return address.port;
}

async function accepts(child: ChildProcess, port: number): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null) {
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
