import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);
const tsc = join(root, 'node_modules/.bin/tsc');
const folder = mkdtempSync(join(tmpdir(), 'mailhub-types-'));
const installed = join(folder, 'node_modules/mailhub-tables');

/** Packs the declarations as `npm pack` does, and unpacks them where a program finds them that has nothing else installed. */
beforeAll(async () => {
  const source = join(folder, 'source');
  mkdirSync(source);
  copyFileSync(join(root, 'package.json'), join(source, 'package.json'));
  await run(tsc, ['-p', join(root, 'tsconfig.build.json'), '--outDir', join(source, 'dist/types')]);
  const pack = ['pack', '--ignore-scripts', '--offline', '--json', '--pack-destination', folder];
  const [{ filename }] = JSON.parse((await run('npm', pack, { cwd: source })).stdout);
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', join(folder, filename), '-C', installed, '--strip-components=1']);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = `
  import { build, type Config, ConfigError, History, loadConfig, openTable, review, status } from 'mailhub-tables';
  const config: Config = await loadConfig('/etc/mailhub-tables.toml');
  const { tables } = await build(config, { dryRun: true });
  const outcomes: string[] = tables.map(({ name, outcome }) => name + outcome);
  const { held } = await review(config, undefined);
  const file = openTable('/etc/exim/exch_table');
  const value: Uint8Array | undefined = file.get(new Uint8Array(1));
  const changes = History.open(config.stateDir).changesOf(new Uint8Array(1));
  export { ConfigError, changes, held, outcomes, value, status };
`;

const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--noEmit'];
const nodeTypes = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')];

test.each([
  ['NodeNext', ['--module', 'NodeNext', '--types', '']],
  ['a bundler', ['--module', 'ESNext', '--moduleResolution', 'Bundler', '--types', '']],
  ["Node's types alone", ['--module', 'NodeNext', '--lib', 'ES2023', ...nodeTypes]],
])(
  'a program that uses the library compiles under strict rules, with %s',
  async (_, options) => {
    writeFileSync(join(folder, 'program.ts'), program);
    const all = [...options, ...strict, '--target', 'ES2023', '--skipLibCheck', 'false', 'program.ts'];
    const { stdout } = await run(tsc, all, { cwd: folder }).catch((error) => error);
    expect(stdout).toBe('');
  },
  60_000,
);

test('what a program can use of the library has its types, and nothing that is not there', async () => {
  const wrong = "import { build, State } from 'mailhub-tables'; await build(1);";
  writeFileSync(join(folder, 'wrong.ts'), wrong);
  const options = ['--module', 'NodeNext', '--target', 'ES2023', '--types', '', ...strict, 'wrong.ts'];
  const { stdout } = await run(tsc, options, { cwd: folder }).catch((error) => error);
  expect(stdout).toContain("has no exported member 'State'");
  expect(stdout).toContain("'number' is not assignable to parameter of type 'Config'");
}, 60_000);
