import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Where slapd has its modules; undefined where they are built in. */
export const slapdModules = ['/usr/lib/ldap', '/usr/lib64/openldap', '/usr/lib/openldap'].find((path) =>
  existsSync(path),
);

// slapd is a server's program: an ordinary user's PATH may lack its folder.
const environment = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/lib/openldap` };

/** Adds what an LDIF file holds to a database that no slapd serves. @throws Error with what slapadd printed */
export function loadLdif(configuration: string, ldif: string): void {
  execFileSync('slapadd', ['-q', '-f', configuration, '-l', ldif], {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

/** A slapd that answers. It ends with this process at the latest. */
export class SlapdProcess {
  readonly pid: number;
  /** Of the loopback interface, in the order of the schemes. */
  readonly ports: readonly number[];
  readonly #child: ChildProcess;
  readonly #killWithUs = () => this.#child.kill('SIGKILL');

  private constructor(child: ChildProcess, ports: readonly number[]) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.ports = ports;
    process.once('exit', this.#killWithUs);
  }

  /** Starts one on a free port for each scheme. @throws Error with what slapd printed */
  static async start(configuration: string, schemes: readonly ('ldap' | 'ldaps')[]): Promise<SlapdProcess> {
    // Somebody may take a free port before slapd does.
    for (let attempt = 1; ; attempt++) {
      const ports: number[] = [];
      for (const _ of schemes) ports.push(await freePort());
      const urls = schemes.map((scheme, i) => `${scheme}://127.0.0.1:${ports[i]}`);
      const child = spawn('slapd', ['-d', '0', '-f', configuration, '-h', urls.join(' ')], {
        env: environment,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let printed = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
      });
      child.on('error', (error) => {
        printed += error.message;
      });
      if (await answersAll(child, ports)) return new SlapdProcess(child, ports);
      if (attempt === 3) throw new Error(`slapd did not start: ${printed}`);
    }
  }

  async stop(): Promise<void> {
    process.off('exit', this.#killWithUs);
    if (hasEnded(this.#child)) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exit;
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

async function answersAll(child: ChildProcess, ports: readonly number[]): Promise<boolean> {
  for (const port of ports) if (!(await answers(child, port))) return false;
  return true;
}

/** Does it accept connections, or end without ever doing so? */
async function answers(child: ChildProcess, port: number): Promise<boolean> {
  while (child.pid !== undefined && !hasEnded(child)) {
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

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
