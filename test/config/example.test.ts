import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { sections } from '../../src/config/sections.ts';
import { workspace } from './workspace.ts';

const example = read('packaging/mailhub-tables.toml');
const page = read('docs/configuration.md');
const keys = Object.values(sections).flatMap((section) => Object.keys(section));

test('the example is a configuration without a fault', async () => {
  const { at, write, place } = hub();
  place('etc/mailhub-tables/ad.secret', 'geheim\n');
  place('etc/mailhub-tables/ad-ca.pem', '-----BEGIN CERTIFICATE-----\n');
  place('etc/exim/.keep', '');
  const config = await loadConfig(write(example.replaceAll(/"(?=\/(etc|var)\/)/g, `"${at('.')}`)));
  expect(config.tablesDir).toBe(at('etc/exim'));
  expect(config.tables.map((table) => [table.name, ...table.sources.map((source) => source.kind)])).toEqual([
    ['exch_table', 'directory'],
    ['o365_table', 'directory'],
    ['mlist_table', 'file'],
    ['sm_table', 'csv'],
    ['local_domains'],
  ]);
});

test('what the example comments out are keys', () => {
  const commented = [...example.matchAll(/^# (\w+) += /gm)].map(([, key]) => key);
  expect(commented.length).toBeGreaterThan(5);
  expect(commented.filter((key) => !keys.includes(String(key)))).toEqual([]);
});

test('the page describes every key', () => {
  const described = new Set([...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, key]) => key));
  expect(keys.filter((key) => !described.has(key) && key !== 'tables')).toEqual([]);
  expect([...described].filter((key) => !keys.includes(String(key)))).toEqual([]);
});

test('the examples on the page are one configuration without a fault', async () => {
  const { at, write, place } = hub();
  place('etc/mailhub-tables/ad.secret', 'geheim\n');
  place('tables/.keep', '');
  const blocks = [...page.matchAll(/^```toml\n(.*?)^```/gms)].map(([, block]) => block);
  expect(blocks.length).toBeGreaterThan(2);
  const toml = ['tables_dir = "tables"', ...blocks]
    .join('\n')
    .replaceAll(/"(?=\/(etc|var)\/)/g, `"${at('.')}`);
  const { tables } = await loadConfig(write(toml));
  expect(tables).toMatchObject([
    { name: 'staff_table', sources: [{ kind: 'directory', directory: 'people' }] },
    { name: 'exch_table', sources: [{ kind: 'directory', directory: 'ad' }, { kind: 'csv' }] },
    { name: 'local_domains', sources: [{ kind: 'directory', directory: 'ad (accepted domains)' }] },
  ]);
});

/** A workspace that stands for the root of a hub's file system. */
function hub() {
  const place = (path: string, text: string) => {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text, { mode: 0o600 });
  };
  const { at, write } = workspace();
  return { at, write, place };
}

function read(path: string): string {
  return readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
}
