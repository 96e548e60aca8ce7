// Bundles the commands and the library. Each command is a chunk of its own, so that a start loads only what it runs.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

const { version } = JSON.parse(await readFile('package.json', 'utf8'));

await rm('dist', { recursive: true, force: true });
const { outputFiles } = await build({
  entryPoints: {
    cli: 'src/cli/main.ts',
    dbmbuild: 'src/cli/dbmbuild.ts',
    index: 'src/index.ts',
    'table-thread': 'src/tables/table-thread.ts',
  },
  outdir: 'dist',
  write: false,
  bundle: true,
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

// esbuild makes `var` of every constant, which V8 then reads from memory in each turn of a loop: a fifth of the time of the
// loop that reads a `.dat`.
await mkdir('dist');
for (const { path, text, contents } of outputFiles) {
  await writeFile(
    path,
    path.endsWith('.js') ? text.replace(/^var (?=[A-Z][A-Z0-9_]* = )/gm, 'const ') : contents,
  );
}
