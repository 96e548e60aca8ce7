// How long a held table of a million entries takes to be understood: `npx tsx bench/review/main.ts [ENTRIES] [GONE] [RUNS]`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measure, median } from '../measure.ts';
import { quick, report } from '../result.ts';
import { Hub } from '../state/hub.ts';

const [entries = quick ? 100_000 : 1_000_000, gone = entries / 100, runs = quick ? 3 : 9] = process.argv
  .slice(2)
  .map(Number);
const work = mkdtempSync(join(tmpdir(), 'bench-review-'));
try {
  const hub = new Hub(work, `max_removed = ${gone - 1}`);
  hub.put(entries, 0);
  measure(hub.command('build'));
  hub.put(entries, gone);
  measure(hub.command('build'), [3]);
  const commands = {
    review: hub.command('review'),
    'review --json': hub.command('review', '--json'),
    'review --csv FILE': hub.command('review', '--csv', join(work, 'review.csv')),
  };
  const rows = Object.entries(commands).map(([name, command]) => {
    const measured = Array.from({ length: runs }, () => measure(command, [3]));
    return [
      name,
      median(measured.map(({ seconds }) => seconds)),
      Math.min(...measured.map(({ seconds }) => seconds)),
      median(measured.map(({ cpuSeconds }) => cpuSeconds)),
      Math.max(...measured.map(({ residentMegabytes }) => residentMegabytes)),
    ];
  });
  report({
    name: 'review',
    title: `review of a held table: ${entries} entries, of which ${gone} would go`,
    command: `npx tsx bench/review/main.ts ${entries} ${gone} ${runs}`,
    columns: ['command', 'median s', 'least s', 'processor s', 'resident MB'],
    rows,
    notes: ['Whole processes, their output thrown away.'],
  });
} finally {
  rmSync(work, { recursive: true, force: true });
}
