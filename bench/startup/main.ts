// How long a start takes, against Node's own: `npx tsx bench/startup/main.ts [RUNS]`.
import { measure, median, spread } from '../measure.ts';
import { report } from '../result.ts';

const runs = Number(process.argv[2] ?? 15);
const commands = {
  'node -e 0': ['node', '-e', '0'],
  'mailhub-tables --version': ['bin/mailhub-tables', '--version'],
  'mailhub-tables --help': ['bin/mailhub-tables', '--help'],
};

const seconds: Record<string, number[]> = {};
for (let run = -1; run < runs; run++) {
  for (const [name, command] of Object.entries(commands)) {
    const measurement = measure(command);
    if (run >= 0) seconds[name] = [...(seconds[name] ?? []), measurement.seconds];
  }
}

const reference = median(seconds['node -e 0']);
report({
  name: 'startup',
  title: "How long a start takes, against Node's own",
  command: `npx tsx bench/startup/main.ts ${runs}`,
  columns: ['', '/ node -e 0', 'milliseconds', 'lowest-highest s'],
  rows: Object.entries(seconds).map(([name, measured]) => [
    name,
    median(measured) / reference,
    Math.round(median(measured) * 1000),
    spread(measured),
  ]),
  notes: [`Medians of ${runs} runs.`],
});
