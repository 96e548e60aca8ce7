import type { BuildReport } from '../../tables/report.ts';

/** Of several runs: the middle one, and how far they lie apart. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** What one kind of hour cost. Times are milliseconds, memory and traffic bytes. */
export interface HourFigures {
  readonly hour: string;
  /** The whole process. */
  readonly process: Spread;
  /** Work by stage: stages that run at once in two threads add up to more than the process. */
  readonly stages: Readonly<Record<string, Spread>>;
  readonly peakMemory: number;
  readonly requests: number;
  readonly objects: number;
  readonly received: number;
  readonly entries: number;
}

/** What is kept of a measurement, so that a later one can be compared with it. */
export interface BenchResult {
  readonly runs: number;
  readonly hours: readonly HourFigures[];
}

export interface Run {
  readonly milliseconds: number;
  readonly report: BuildReport;
}

export function figuresOf(hour: string, runs: readonly Run[]): HourFigures {
  const reports = runs.map(({ report }) => report);
  const last = reports.at(-1);
  const names = new Set(reports.flatMap(({ stages }) => stages.map(({ name }) => name)));
  const stages = Array.from(names, (name): [string, Spread] => {
    const times = reports.map(
      (report) => report.stages.find((stage) => stage.name === name)?.milliseconds ?? 0,
    );
    return [name, spreadOf(times)];
  });
  const servers = last?.directories.flatMap((directory) => directory.servers) ?? [];
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    hour,
    process: spreadOf(runs.map(({ milliseconds }) => milliseconds)),
    stages: Object.fromEntries(stages),
    peakMemory: Math.max(...reports.map(({ peakMemory }) => peakMemory)),
    requests: sum(servers.map(({ requests }) => requests)),
    objects: sum(servers.map(({ entries }) => entries)),
    received: sum(servers.map(({ bytes }) => bytes)),
    entries: sum(last?.tables.map(({ after }) => after ?? 0) ?? []),
  };
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, least: sorted[0], most: sorted[sorted.length - 1] };
}
