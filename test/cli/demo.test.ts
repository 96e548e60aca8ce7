import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { outcomeOf, Program } from './program.ts';

const script = join(import.meta.dirname, '../../scripts/demo');
const program = Program.forFile();
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'demo-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the demo goes from an empty folder to lookups, and leaves nothing behind', async () => {
  const command = join(folder, 'mailhub-tables');
  writeFileSync(command, `#!/bin/sh\nexec ${program.line()} "$@"\n`);
  chmodSync(command, 0o755);
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);

  const environment = { ...process.env, MAILHUB_TABLES: command, TMPDIR: temporary };
  const { status, stdout, stderr } = await outcomeOf(spawn(script, { env: environment }));
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.not.stringContaining('Status') });

  const [, first = '', second = '', lookups = ''] = stdout.split(/^.*\$ mailhub-tables (?:build|lookup).*$/m);
  expect(first.match(/^(\w+): published/gm)).toHaveLength(5);
  expect(second.match(/^(\w+): unchanged/gm)).toHaveLength(5);
  const inOffice365 = 'hm1@example.mail.onmicrosoft.com';
  expect(lookups.trim().split('\n').slice(0, 5)).toEqual([
    'SHOUTING.too@example.ac.uk: exch_table: shouting@example.ac.uk',
    `hm2@example.ac.uk: o365_table: ${inOffice365}`,
    'All-Staff@lists.example.ac.uk: mlist_table: all-staff@sympa.lists.example.ac.uk',
    'f.twice@stmarys.example.ac.uk: sm_table: s0000006@students.example.ac.uk',
    'stmarys.example.ac.uk: local_domains: local',
  ]);
  expect(stdout).toMatch(/^nobody@example\.ac\.uk: not found$/m);
  expect(stdout.trimEnd().split('\n').at(-1)).toBe(inOffice365); // Exim's own answer.
  expect(readdirSync(temporary).filter((name) => !name.startsWith('tsx-'))).toEqual([]); // tsx keeps a cache.
  expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toContain(temporary);
});
