import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillTemplate, type Places } from '../../fixtures/campus/configuration.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';

/** The committed campus. */
export const campus = join(import.meta.dirname, '../../fixtures/campus');
const template = readFileSync(join(campus, 'mailhub-tables.toml'), 'utf8');

/** A hub in a folder of its own, which has nothing yet but its local domains, and asks a directory for the campus. */
export async function configureHub(folder: string, directory: Partial<Places>): Promise<Config> {
  const tablesDir = join(folder, 'etc');
  mkdirSync(tablesDir, { recursive: true });
  copyFileSync(join(campus, 'local_domains.dat'), join(tablesDir, 'local_domains.dat'));
  const passwordFile = join(folder, 'ad.secret');
  copyFileSync(join(campus, 'ad.secret'), passwordFile);
  chmodSync(passwordFile, 0o600);
  const places = { tablesDir, stateDir: join(folder, 'state'), campusDir: campus, passwordFile, urls: [] };
  const configFile = join(folder, 'mailhub-tables.toml');
  writeFileSync(configFile, fillTemplate(template, { ...places, ...directory }));
  return loadConfig(configFile);
}
