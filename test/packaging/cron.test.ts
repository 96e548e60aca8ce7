import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outcomeOf, Program } from '../cli/program.ts';
import { fileFed, Hub, numbered } from '../tables/hub.ts';

const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
const program = Program.forFile();

/** The lines of the README's `/etc/cron.d` file: its variables, and what is run. */
function cronFile(): {
  readonly variables: Record<string, string>;
  readonly user: string;
  readonly command: string;
} {
  const [, block = ''] = /`\/etc\/cron\.d\/[^`]*`:\n\n((?: {7}.*\n)+)/.exec(readme) ?? [];
  const lines = block
    .trim()
    .split('\n')
    .map((line) => line.trim());
  const variables = lines.flatMap((line) =>
    [...line.matchAll(/^(\w+)=(.*)$/g)].map(([, name, value]) => [name, value]),
  );
  const [, user = '', command = ''] = /^[\d*]+ \* \* \* \* (\w+) (.*)$/.exec(lines.at(-1) ?? '') ?? [];
  return { variables: Object.fromEntries(variables), user, command };
}

/** What sh, as cron starts it, makes of the README's line on a hub where the program is in /usr/local/bin. */
async function runByCron(hub: Hub) {
  const { variables, command } = cronFile();
  const local = hub.at('local-bin');
  const path = variables.PATH?.replace('/usr/local/bin', local);
  expect(path).not.toBe(variables.PATH);
  const environment = { ...variables, PATH: path, SHELL: '/bin/sh', HOME: '/root', LOGNAME: 'root' };
  return outcomeOf(spawn('/bin/sh', ['-c', command], { env: environment, cwd: '/' }));
}

function hubWithProgram(): Hub {
  const hub = new Hub();
  hub.configure(fileFed('one'));
  mkdirSync(hub.at('local-bin'));
  const command = hub.at('local-bin/mailhub-tables');
  const [, cli = ''] = program.line().split(' ');
  // As bin/mailhub-tables, but for the configuration: that in /etc is the machine's own.
  writeFileSync(
    command,
    `#!/usr/bin/env node\nprocess.argv.push('--config', ${JSON.stringify(hub.configFile)});\nimport(${JSON.stringify(cli)});\n`,
  );
  chmodSync(command, 0o755);
  symlinkSync(process.execPath, hub.at('local-bin/node'));
  return hub;
}

test("the README's cron line runs with nothing but cron's environment, and is silent while all is well", async () => {
  const hub = hubWithProgram();
  hub.put('in/one.dat', numbered(0, 20));
  expect(cronFile()).toMatchObject({ user: 'root', variables: { MAILTO: 'postmaster' } });
  expect(await runByCron(hub)).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(hub.files()).toContain('one.dat');
});

test('cron has something to mail when a table is held', async () => {
  const hub = hubWithProgram();
  hub.put('in/one.dat', numbered(0, 20));
  await runByCron(hub);
  hub.put('in/one.dat', numbered(0, 3));
  const { status, stdout, stderr } = await runByCron(hub);
  expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
  expect(stderr).toMatch(/^one: held: /m);
});
