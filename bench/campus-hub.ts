import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillTemplate } from '../fixtures/campus/configuration.ts';
import type { BuildReport } from '../src/tables/report.ts';
import { type Measurement, measure } from './measure.ts';

/** A hub with the five tables of a generated campus, in a folder of its own. */
export class CampusHub {
  readonly tablesDir: string;
  readonly stateDir: string;
  readonly #campus: string;
  readonly #config: string;
  readonly #report: string;

  /** @param server where the campus' directory is served, without encryption */
  constructor(
    folder: string,
    campus: string,
    server: { readonly url: string; readonly passwordFile: string },
  ) {
    this.tablesDir = join(folder, 'etc');
    this.stateDir = join(folder, 'state');
    this.#campus = campus;
    this.#config = join(folder, 'mailhub-tables.toml');
    this.#report = join(folder, 'report.json');
    const text = fillTemplate(readFileSync(join(campus, 'mailhub-tables.toml'), 'utf8'), {
      tablesDir: this.tablesDir,
      stateDir: this.stateDir,
      campusDir: campus,
      urls: [server.url],
      passwordFile: server.passwordFile,
      allowPlaintext: true,
    });
    // Turnover takes away as well as it brings: the old rule would hold an hour in which more goes than comes.
    writeFileSync(
      this.#config,
      text.replaceAll(/^\[tables\.(exch|o365)_table\]$/gm, '$&\nguard = { max_removed = "5%" }'),
    );
  }

  /** As it is before its first hour. */
  empty(): void {
    for (const folder of [this.tablesDir, this.stateDir]) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
    }
    copyFileSync(join(this.#campus, 'local_domains.dat'), join(this.tablesDir, 'local_domains.dat'));
  }

  /** A whole build, and what it said of itself. @throws Error when it ends with a status other than 0 */
  build(): Measurement & { readonly requests: number } {
    const command = ['bin/mailhub-tables', 'build', '--json', '--config', this.#config];
    const measured = measure(['sh', '-c', `exec "$@" > ${this.#report}`, 'sh', ...command]);
    const { directories }: BuildReport = JSON.parse(readFileSync(this.#report, 'utf8'));
    return { ...measured, requests: directories[0]?.report?.requests ?? Number.NaN };
  }
}
