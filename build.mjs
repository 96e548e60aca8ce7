// Bundles the commands and the library. Each command is a chunk of its own, so that a start loads only what it runs.
import { execFileSync } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { bundle } from './scripts/bundle.mjs';

const { version } = JSON.parse(await readFile('package.json', 'utf8'));

await rm('dist', { recursive: true, force: true });
await bundle({
  entryPoints: {
    cli: 'src/cli/main.ts',
    index: 'src/index.ts',
    'table-thread': 'src/tables/table-thread.ts',
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
execFileSync(process.execPath, ['--import', 'tsx', 'scripts/man-pages.ts', 'dist'], { stdio: 'inherit' });
