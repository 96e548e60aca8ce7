import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const need = fileURLToPath(new URL('../../scripts/need', import.meta.url));

describe('scripts/need', () => {
  let commands: string;

  beforeEach(() => {
    commands = mkdtempSync(join(tmpdir(), 'mailhub-need-'));
    pretend('id', 'echo 1000');
  });

  afterEach(() => rmSync(commands, { recursive: true }));

  function pretend(command: string, script: string): void {
    writeFileSync(join(commands, command), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  function run(...wanted: string[]) {
    const env = { ...process.env, PATH: `${commands}:${process.env.PATH}` };
    const { status, stderr } = spawnSync(need, wanted, { env, encoding: 'utf8' });
    return { status, stderr };
  }

  it('is silent when everything is there', () => {
    expect(run('sh', 'ls=coreutils')).toEqual({ status: 0, stderr: '' });
  });

  it('tells who is not root exactly which packages are missing', () => {
    const { status, stderr } = run('sh', 'no-such-tool', 'ls=coreutils', 'no-such-daemon=the-package');
    expect(stderr).toMatch(/^Missing: no-such-tool the-package \(/);
    expect(status).toBe(1);
  });

  it.each([
    ['v18.20.4', 1],
    ['v20.18.3', 1],
    ['v20.19.0', 0],
    ['v22.3.0', 0],
  ])('compares Node %s with the floor', (version, expected) => {
    pretend('node', `echo ${version}`);
    const { status, stderr } = run('sh');
    expect(status).toBe(expected);
    if (expected === 1)
      expect(stderr).toMatch(new RegExp(`^Node.js 20.19 or later is needed; .* is ${version}`));
  });

  it('installs nothing that would remove a package that is there', () => {
    pretend('id', 'echo 0');
    pretend(
      'apt-get',
      `case "$*" in *-s*) echo "Remv postfix [3.7]";; *update*) ;; *) echo "$*" >"${commands}/done";; esac`,
    );
    const { status, stderr } = run('no-such-daemon=the-package');
    expect(stderr).toContain('Installing the-package would remove: postfix.');
    expect(spawnSync('cat', [join(commands, 'done')]).status).not.toBe(0);
    expect(status).toBe(1);
  });
});
