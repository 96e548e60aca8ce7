// Bundles the commands and the library. Each command is a chunk of its own, so that a start loads only what it runs.
import { execFileSync } from 'node:child_process';
import { cp, readFile, rm } from 'node:fs/promises';
import { compileAssembly } from './scripts/assembly.mjs';
import { bundle } from './scripts/bundle.mjs';

const { version } = JSON.parse(await readFile('package.json', 'utf8'));

await compileAssembly();
await rm('dist', { recursive: true, force: true });
await bundle({
  entryPoints: {
    cli: 'src/cli/main.ts',
    index: 'src/index.ts',
    'table-thread': 'src/tables/threads/table-thread.ts',
    'fixtures/server': 'fixtures/server/main.ts',
  },
  outdir: 'dist',
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: ['better-sqlite3'],
  define: { MAILHUB_TABLES_VERSION: JSON.stringify(version) },
  sourcemap: true,
  logLevel: 'warning',
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});
// One file, and no ES module: its start is a good part of its time on the tables of most hubs.
await bundle({
  entryPoints: { dbmbuild: 'src/cli/dbmbuild.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  platform: 'node',
  target: 'node20.19',
  sourcemap: true,
  logLevel: 'warning',
});
// The fixture server finds its schema beside its folder, here as in the sources.
await cp('fixtures/schema', 'dist/schema', { recursive: true });
execFileSync(process.execPath, ['--import', 'tsx', 'scripts/man-pages.ts', 'dist'], { stdio: 'inherit' });
