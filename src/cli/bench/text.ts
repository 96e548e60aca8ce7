import { columns } from '../columns.ts';
import type { BenchResult, HourFigures, Spread } from './figures.ts';

/** @param kept a result to compare with: its medians stand beside, and the ratio of ours to them */
export function benchText(result: BenchResult, kept: BenchResult | undefined): string {
  const parts = result.hours.map((hour) =>
    hourText(
      hour,
      kept?.hours.find(({ hour: name }) => name === hour.hour),
    ),
  );
  const runs = `Medians of ${result.runs} runs, in milliseconds. Work in two threads at once adds up to more than the process.\n`;
  return [...parts, runs].join('\n');
}

function hourText(figures: HourFigures, kept: HourFigures | undefined): string {
  const heads = ['', 'median', 'least', 'most', ...(kept === undefined ? [] : ['kept', 'ratio'])];
  const row = (name: string, spread: Spread, before: Spread | undefined): string[] => [
    name,
    ...[spread.median, spread.least, spread.most].map((value) => value.toFixed(1)),
    ...(before === undefined ? [] : [before.median.toFixed(1), (spread.median / before.median).toFixed(2)]),
  ];
  const rows = [
    ...Object.entries(figures.stages).map(([name, spread]) => row(name, spread, kept?.stages[name])),
    row('whole process', figures.process, kept?.process),
  ];
  const { requests, objects, received, entries, peakMemory, process } = figures;
  const seconds = process.median / 1000;
  return [
    `${figures.hour} hour`,
    ...columns([heads, ...rows], new Set([1, 2, 3, 4, 5])).map((line) => `  ${line}`),
    `  ${requests} requests, ${objects} objects, ${megabytes(received)} received; ${entries} entries, ` +
      `${Math.round(entries / seconds)} a second, ${megabytes(received / seconds)} a second; ${megabytes(peakMemory)} resident`,
    '',
  ].join('\n');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
