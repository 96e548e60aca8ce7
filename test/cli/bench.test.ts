import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { generateCampus } from '../../fixtures/campus/generate.ts';
import { startFixtureServer } from '../../fixtures/server/server.ts';
import type { BenchResult } from '../../src/cli/bench/figures.ts';

const root = join(import.meta.dirname, '../..');

/** The program as `make build` leaves it: the server that it starts is a part of that. */
function bench(
  ...args: readonly string[]
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const program = join(root, 'bin/mailhub-tables');
    const child = execFile(program, ['bench', ...args], (_, stdout, stderr) => {
      resolve({ status: child.exitCode, stdout, stderr });
    });
  });
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('a fixture directory is measured from its own server, kept, and compared with', async () => {
  const folder = temporaryFolder();
  const campus = join(folder, 'campus');
  await generateCampus({ recipients: 200, seed: 5, out: campus });
  const before = leftovers();

  const kept = join(folder, 'kept.json');
  const { status, stdout, stderr } = await bench(campus, '--runs', '2', '--keep', kept, '--json');
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const { runs, hours }: BenchResult = JSON.parse(stdout);
  expect(runs).toBe(2);
  expect(hours.map(({ hour }) => hour)).toEqual(['first', 'unchanged']);
  const [first, unchanged] = hours;
  for (const stage of ['connect', 'extract', 'sort', 'merge', 'compare', '.dat', 'bdb', 'publish']) {
    expect(first.stages[stage]?.median, stage).toBeGreaterThan(0);
  }
  expect(first.objects).toBeGreaterThan(100);
  expect(first.received).toBeGreaterThan(10_000);
  expect(first.entries).toBe(unchanged.entries);
  expect(unchanged.requests).toBeLessThan(first.requests);
  // Nothing is written in an hour in which nothing changed.
  expect(Object.keys(unchanged.stages)).not.toContain('bdb');

  const compared = await bench(campus, '--runs', '1', '--compare', kept);
  expect(compared.status).toBe(0);
  expect(compared.stdout).toMatch(/median +least +most +kept +ratio\n/);
  expect(compared.stdout).toContain(`${first.process.median.toFixed(1)}`);
  expect(leftovers()).toEqual(before);
});

test('a directory that is served elsewhere is measured there', async () => {
  const campus = join(root, 'fixtures/campus');
  const server = await startFixtureServer({ ldif: join(campus, 'directory.ldif') });
  onTestFinished(() => server.stop());
  const { status, stdout } = await bench(campus, '--runs', '1', '--url', server.url);
  expect(status).toBe(0);
  expect(stdout).toContain('unchanged hour');
  expect(server.counters.entries).toBeGreaterThan(1000);
});

test('what is no fixture directory, or no result, is named', async () => {
  const folder = temporaryFolder();
  const missing = await bench(folder);
  expect(missing.status).toBe(1);
  expect(missing.stderr).toContain(`${join(folder, 'directory.ldif')} does not exist`);

  writeFileSync(join(folder, 'directory.ldif'), 'no LDIF\n');
  const damaged = await bench(folder);
  expect(damaged.status).toBe(1);
  expect(damaged.stderr).toMatch(/directory\.ldif can't be served: .*no LDIF line/s);

  writeFileSync(join(folder, 'kept.json'), '{}');
  const uncompared = await bench(folder, '--compare', join(folder, 'kept.json'));
  expect(uncompared.status).toBe(1);
  expect(uncompared.stderr).toContain('--compare takes what bench --keep has written');

  expect((await bench(folder, '--runs', '0')).status).toBe(64);
});

function leftovers(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('mailhub-bench-'));
}
