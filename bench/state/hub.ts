import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A hub with one table, fed by a file of addresses. */
export class Hub {
  readonly config: string;
  readonly stateDir: string;
  readonly #input: string;

  /** @param guard what stands in the table's guard */
  constructor(folder: string, guard: string) {
    this.config = join(folder, 'mailhub-tables.toml');
    this.stateDir = join(folder, 'state');
    this.#input = join(folder, 'in.dat');
    const tables = join(folder, 'etc');
    for (const path of [tables, this.stateDir]) mkdirSync(path);
    writeFileSync(
      this.config,
      `tables_dir = "${tables}"
state_dir = "${this.stateDir}"
format = "bdb"
[tables.exch_table]
guard = { ${guard} }
[[tables.exch_table.sources]]
file = "${this.#input}"
`,
    );
  }

  /** Puts numbered addresses in fifty domains into the source, evenly without some of them. */
  put(entries: number, gone: number): void {
    const lines: string[] = [];
    for (let i = 0; i < entries; i++) {
      if (Math.floor(((i + 1) * gone) / entries) > Math.floor((i * gone) / entries)) continue;
      const number = String(i).padStart(7, '0');
      lines.push(`first.last${number}@school${i % 50}.example.ac.uk: box${number}@exchange.example.ac.uk\n`);
    }
    writeFileSync(this.#input, lines.join(''));
  }

  command(name: string, ...args: readonly string[]): string[] {
    return ['bin/mailhub-tables', name, ...args, '--config', this.config];
  }
}
