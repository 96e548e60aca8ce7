import { chmod, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { loadConfig } from '../../config/load.ts';

/** A folder that can't be measured: what is missing, and what to do. */
export class FixtureError extends Error {
  override readonly name = 'FixtureError';
}

/** A hub of its own in a temporary folder, fed by a fixture directory. */
export class BenchHub {
  readonly config: string;
  readonly #fixture: string;
  readonly #work: string;
  #keptByHand: readonly string[] = [];

  private constructor(fixture: string, work: string) {
    this.#fixture = fixture;
    this.#work = work;
    this.config = join(work, 'mailhub-tables.toml');
  }

  /**
   * @param fixture a folder as `fixtures/campus/generate.ts` writes it: `mailhub-tables.toml` with places to be filled in
   * @throws FixtureError, ConfigError
   */
  static async prepare(fixture: string, work: string, url: string): Promise<BenchHub> {
    const hub = new BenchHub(resolve(fixture), work);
    const secret = join(work, 'ad.secret');
    await copyFile(hub.#file('ad.secret'), secret).catch((error: unknown) => hub.#refuse('ad.secret', error));
    await chmod(secret, 0o600);
    const template = await hub.#read('mailhub-tables.toml');
    const places: Readonly<Record<string, string>> = {
      TABLES_DIR: join(work, 'etc'),
      STATE_DIR: join(work, 'state'),
      CAMPUS_DIR: hub.#fixture,
      PASSWORD_FILE: secret,
      URLS: JSON.stringify(url),
      DIRECTORY_OPTIONS: url.startsWith('ldap://') ? 'allow_plaintext = true' : '',
    };
    const text = template.replaceAll(/@([A-Z_]+)@/g, (place, name: string) => places[name] ?? place);
    await writeFile(hub.config, text);
    await hub.empty();
    const { tables } = await loadConfig(hub.config);
    hub.#keptByHand = tables.filter(({ sources }) => sources.length === 0).map(({ name }) => name);
    return hub;
  }

  /** As a hub that has nothing yet but the tables that are kept by hand. */
  async empty(): Promise<void> {
    for (const folder of ['etc', 'state']) {
      await rm(join(this.#work, folder), { recursive: true, force: true });
      await mkdir(join(this.#work, folder));
    }
    for (const table of this.#keptByHand) {
      const name = `${table}.dat`;
      await copyFile(this.#file(name), join(this.#work, 'etc', name)).catch((error: unknown) =>
        this.#refuse(name, error),
      );
    }
  }

  #file(name: string): string {
    return join(this.#fixture, name);
  }

  async #read(name: string): Promise<string> {
    return readFile(this.#file(name), 'utf8').catch((error: unknown) => this.#refuse(name, error));
  }

  #refuse(name: string, cause: unknown): never {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FixtureError(
      `${this.#file(name)}: ${reason}; a fixture directory is what fixtures/campus/generate.ts writes`,
      { cause },
    );
  }
}
