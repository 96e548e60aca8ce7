import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ConfigError, type Problem } from '../../src/config/error.ts';
import { type LoadOptions, loadConfig } from '../../src/config/load.ts';

/** A folder with what a configuration names: `tables`, `state`, `secret`, `ca.pem`. It goes when the test ends. */
export function workspace() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'config-')));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'tables'));
  mkdirSync(join(folder, 'state'));
  writeFileSync(join(folder, 'secret'), 'geheim\n', { mode: 0o600 });
  writeFileSync(join(folder, 'ca.pem'), '-----BEGIN CERTIFICATE-----\n');
  const at = (path: string) => join(folder, path);
  const write = (toml: string | Uint8Array) => {
    writeFileSync(at('mailhub.toml'), toml);
    return at('mailhub.toml');
  };
  return {
    folder,
    at,
    write,
    load: (toml: string, options?: LoadOptions) => loadConfig(write(toml), options),
  };
}

export type Workspace = ReturnType<typeof workspace>;

export async function failure(loading: Promise<unknown>): Promise<ConfigError> {
  const outcome = await loading.then(
    () => 'no error',
    (error: unknown) => error,
  );
  if (outcome instanceof ConfigError) return outcome;
  throw outcome instanceof Error ? outcome : new Error(String(outcome));
}

/** The problems as `line key: message; hint`. */
export async function problems(loading: Promise<unknown>): Promise<string[]> {
  return (await failure(loading)).problems.map(brief);
}

function brief({ line, key, message, hint }: Problem): string {
  return `${line} ${key}: ${message}; ${hint}`;
}
