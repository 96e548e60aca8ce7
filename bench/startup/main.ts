// How long a start takes, against Node's own: `npx tsx bench/startup/main.ts [RUNS]`.
import { measure, median } from '../measure.ts';

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

console.log(`start-up, medians of ${runs} runs`);
const reference = median(seconds['node -e 0']);
for (const [name, measured] of Object.entries(seconds)) {
  const milliseconds = `${(median(measured) * 1000).toFixed(0)} ms`.padStart(8);
  console.log(
    `${name.padEnd(26)} ${milliseconds}   ${(median(measured) / reference).toFixed(2)} x node -e 0`,
  );
}
