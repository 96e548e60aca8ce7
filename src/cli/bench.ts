import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BuildReport } from '../tables/report.ts';
import { type BenchResult, figuresOf, type Run } from './bench/figures.ts';
import { BenchHub, FixtureError } from './bench/fixture.ts';
import { startBenchServer } from './bench/server.ts';
import { benchText } from './bench/text.ts';
import type { BenchFlags } from './flags.ts';
import { jsonDocument } from './json.ts';
import { Status } from './status.ts';

/** `mailhub-tables bench`: whole builds, in processes of their own, on a hub that is gone afterwards. @returns the exit status */
export async function benchCommand(fixture: string, flags: BenchFlags): Promise<number> {
  const kept = flags.compare === undefined ? undefined : await readKept(flags.compare);
  const work = await mkdtemp(join(tmpdir(), 'mailhub-bench-'));
  try {
    const result = await measured(fixture, work, flags);
    if (flags.keep !== undefined) await writeFile(flags.keep, jsonDocument(result));
    process.stdout.write(flags.json ? jsonDocument(result) : benchText(result, kept));
    return Status.ok;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function measured(fixture: string, work: string, { runs, url }: BenchFlags): Promise<BenchResult> {
  const server = url === undefined ? await startBenchServer(fixture) : undefined;
  try {
    const hub = await BenchHub.prepare(fixture, work, url ?? server?.url ?? '');
    const hours: Record<'first' | 'unchanged', Run[]> = { first: [], unchanged: [] };
    for (let run = 0; run < runs; run++) {
      await hub.empty();
      hours.first.push(await buildOnce(hub.config));
      hours.unchanged.push(await buildOnce(hub.config));
    }
    return { runs, hours: Object.entries(hours).map(([hour, each]) => figuresOf(hour, each)) };
  } finally {
    await server?.stop();
  }
}

/** @throws FixtureError when it is no whole hour: a time of half the work compares with nothing */
async function buildOnce(config: string): Promise<Run> {
  const program = process.argv[1] ?? '';
  const started = performance.now();
  const args = [program, 'build', '--config', config, '--json'];
  const { status, output, diagnostics } = await new Promise<{
    status: number;
    output: string;
    diagnostics: string;
  }>((resolve) => {
    const child = execFile(process.execPath, args, { maxBuffer: 1 << 28 }, (_, output, diagnostics) => {
      resolve({ status: child.exitCode ?? Status.error, output, diagnostics });
    });
  });
  const milliseconds = performance.now() - started;
  if (status !== Status.ok) {
    throw new FixtureError(`build ended with status ${status}: ${diagnostics || failuresOf(output)}`);
  }
  const report: BuildReport = JSON.parse(output);
  return { milliseconds, report };
}

function failuresOf(output: string): string {
  const { tables }: BuildReport = JSON.parse(output);
  const troubled = tables.filter(({ outcome }) => outcome === 'failed' || outcome === 'held');
  return troubled
    .map(({ name, failure, findings }) => `${name}: ${failure?.message ?? findings[0]?.message ?? ''}`)
    .join('; ');
}

async function readKept(path: string): Promise<BenchResult> {
  try {
    const kept: BenchResult = JSON.parse(await readFile(path, 'utf8'));
    if (!Array.isArray(kept.hours)) throw new Error('it has no hours');
    return kept;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FixtureError(`${path}: ${reason}; --compare takes what bench --keep has written`);
  }
}
