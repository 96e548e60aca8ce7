import { join } from 'node:path';
import { Bundle } from './bundle.ts';

export { Bundle };

/** Runs one of the programs beside this file: `cli.cjs`. */
export function start(name: string): void {
  Bundle.at(join(import.meta.dirname, name)).run();
}
