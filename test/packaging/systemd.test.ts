import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const packaging = fileURLToPath(new URL('../../packaging/systemd/', import.meta.url));
const systemUnits = '/lib/systemd/system';

function run(command: string, ...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (error !== undefined) throw error;
  return { status, output: stdout + stderr };
}

describe('the systemd units', () => {
  // A file system of its own, so that they are checked as they are installed, on a machine that has the command.
  const root = mkdtempSync(join(tmpdir(), 'mailhub-systemd-'));
  const units = join(root, 'etc/systemd/system');

  beforeAll(() => {
    mkdirSync(units, { recursive: true });
    for (const name of readdirSync(systemUnits).filter((name) => name.endsWith('.target')))
      cpSync(join(systemUnits, name), join(units, name), { dereference: true });
    for (const name of ['mailhub-tables.service', 'mailhub-tables.timer'])
      cpSync(join(packaging, name), join(units, name));
    mkdirSync(join(root, 'usr/local/bin'), { recursive: true });
    writeFileSync(join(root, 'usr/local/bin/mailhub-tables'), '#!/bin/sh\n', { mode: 0o755 });
  });

  afterAll(() => rmSync(root, { recursive: true }));

  it.each(['mailhub-tables.service', 'mailhub-tables.timer'])('%s is sound to systemd', (unit) => {
    expect(run('systemd-analyze', 'verify', `--root=${root}`, unit)).toEqual({ status: 0, output: '' });
  });

  it('the service is among those that systemd calls well protected', () => {
    const service = join(packaging, 'mailhub-tables.service');
    const { status, output } = run('systemd-analyze', 'security', '--offline=yes', '--threshold=20', service);
    expect(output).toContain('Overall exposure level');
    expect(status).toBe(0);
  });

  it('the account is sound to systemd', () => {
    const users = join(packaging, 'mailhub-tables.sysusers');
    const { status, output } = run('systemd-sysusers', `--root=${root}`, '--dry-run', users);
    expect(output).toContain("Creating user 'mailhub-tables'");
    expect(status).toBe(0);
  });
});
