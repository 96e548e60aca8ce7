import {
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { measure, median } from '../measure.ts';

const RUNS = 5;

/** Milliseconds that a command takes. */
export function commandMilliseconds(command: readonly string[]): number {
  return median(Array.from({ length: RUNS }, () => measure(command).seconds * 1000));
}

/** Milliseconds in which files are copied in a folder and forced to the disk: what stands there can't be written in less. */
export function copyMilliseconds(folder: string, files: readonly string[]): number {
  const target = mkdtempSync(join(folder, 'copy-'));
  try {
    return median(
      Array.from({ length: RUNS }, () => {
        const milliseconds =
          measure(['sh', '-c', `cp -- "$@" && sync -- ${target}/*`, 'sh', ...files, target]).seconds * 1000;
        for (const file of files) rmSync(join(target, basename(file)));
        return milliseconds;
      }),
    );
  } finally {
    rmSync(target, { recursive: true });
  }
}

/** Milliseconds in which the bytes of files are gone through once in memory, to be copied. */
export function memoryMilliseconds(files: readonly string[]): number {
  const bytes = Buffer.concat(files.map((file) => readFileSync(file)));
  const copy = Buffer.alloc(bytes.length, 1);
  return median(
    Array.from({ length: RUNS }, () => {
      const started = performance.now();
      bytes.copy(copy);
      return performance.now() - started;
    }),
  );
}

/** Milliseconds in which so many files get new names in a folder, and the folder is forced to the disk. */
export function renameMilliseconds(folder: string, files: number): number {
  const target = mkdtempSync(join(folder, 'rename-'));
  try {
    return median(
      Array.from({ length: RUNS }, () => {
        for (let file = 0; file < files; file++) writeFileSync(join(target, `new.${file}`), '');
        const started = performance.now();
        for (let file = 0; file < files; file++)
          renameSync(join(target, `new.${file}`), join(target, `${file}`));
        const directory = openSync(target, 'r');
        fsyncSync(directory);
        closeSync(directory);
        return performance.now() - started;
      }),
    );
  } finally {
    rmSync(target, { recursive: true });
  }
}
