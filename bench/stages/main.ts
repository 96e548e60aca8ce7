// Where an hour's time goes, stage by stage, beside what can't be done in less: `npx tsx bench/stages/main.ts [RECIPIENTS] [RUNS]`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateCampus } from '../../fixtures/campus/generate.ts';
import type { BenchResult } from '../../src/cli/bench/figures.ts';
import { type Slapd, startSlapd } from '../../test/integration/slapd.ts';
import { environment } from '../measure.ts';
import { quick, report } from '../result.ts';
import { type Bound, findBounds } from './bounds.ts';

const recipients = Number(process.argv[2] ?? (quick ? 10_000 : 200_000));
const runs = Number(process.argv[3] ?? (quick ? 2 : 5));

const work = mkdtempSync(join(tmpdir(), 'bench-stages-'));
try {
  const campus = join(work, 'campus');
  await generateCampus({ recipients, seed: 1, out: campus, crowdedGroup: false });
  const slapd = await startSlapd({
    ldif: join(campus, 'directory.ldif'),
    references: false,
    tellsChanges: true,
  });
  try {
    const bounds = findBounds(work, campus, slapd);
    const { hours } = measureStages(campus, slapd);
    const rows = hours.flatMap(({ hour, stages, process: whole }) => [
      ...Object.entries(stages)
        // What an hour hardly does tells nothing.
        .filter(([, { median }]) => hour === 'first' || median >= 1)
        .map(([name, { median }]) => row(`${hour}: ${name}`, median, bounds[hour]?.[name])),
      row(`${hour}: whole process`, whole.median, bounds[hour]?.whole),
    ]);
    report({
      name: 'stages',
      title: `Where the time of an hour goes: ${recipients} objects of the campus from slapd on loopback`,
      command: `npx tsx bench/stages/main.ts ${recipients} ${runs}`,
      columns: ['stage', 'ms', 'lower bound ms', 'of what', 'where the rest goes'],
      rows,
      notes: [
        `\`mailhub-tables bench\` with ${runs} runs: medians. Beside each stage stands a time in which nothing can do its work, measured right before.`,
        'Stages are work: what is done in two threads at once, and while the directory answers, adds up to more than the whole process.',
      ],
    });
  } finally {
    await slapd.stop();
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

function row(name: string, milliseconds: number, bound: Bound | undefined): (string | number)[] {
  if (bound === undefined) return [name, milliseconds, '', '', ''];
  return [name, milliseconds, bound.milliseconds, bound.of, bound.why];
}

function measureStages(campus: string, { url }: Slapd): BenchResult {
  const args = ['bench', campus, '--url', url, '--runs', String(runs), '--json'];
  const options = { encoding: 'utf8', maxBuffer: 1 << 28, env: environment } as const;
  return JSON.parse(execFileSync('bin/mailhub-tables', args, options));
}
