import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const root = dirname(import.meta.dirname);
const shared = {
  absWorkingDir: root,
  platform: 'node',
  target: 'node20.19',
  external: ['better-sqlite3'],
  sourcemap: true,
  logLevel: 'warning',
};

/** ES modules, for other programs. */
export async function bundleModules(outdir, entryPoints) {
  await bundle({
    ...shared,
    entryPoints,
    outdir,
    splitting: true,
    format: 'esm',
    define: await version(),
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  });
}

/**
 * The programs, and the thread that they start, each in a file that is no ES module: its start is a good part of an hour in
 * which nothing changed. The command line has what the commands do in a second file; what is imported dynamically in that
 * one still runs only when it is asked for.
 */
export async function bundlePrograms(outdir) {
  const options = {
    ...shared,
    outdir,
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    define: {
      ...(await version()),
      'import.meta.dirname': '__dirname',
      'import.meta.url': '__moduleUrl',
    },
    banner: {
      js: '"use strict"; const __moduleUrl = require("node:url").pathToFileURL(__filename).href;',
    },
  };
  await bundle({
    ...options,
    entryPoints: { cli: 'src/cli/main.ts' },
    plugins: [commandsBesideIt],
    supported: { 'dynamic-import': false },
  });
  await bundle({
    ...options,
    entryPoints: {
      start: 'src/cli/start/start.ts',
      'start-thread': 'src/cli/start/start-thread.ts',
      commands: 'src/cli/commands.ts',
      dbmbuild: 'src/cli/dbmbuild.ts',
      'second-thread': 'src/dbm/second-thread/thread.ts',
      'table-thread': 'src/tables/threads/table-thread.ts',
    },
  });
}

const commandsBesideIt = {
  name: 'commands',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/commands\.ts$/ }, () => ({ path: './commands.cjs', external: true }));
  },
};

async function version() {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  return { MAILHUB_TABLES_VERSION: JSON.stringify(version) };
}

/**
 * esbuild, with constants that stay constants: it makes `var` of them, which V8 then reads from memory in each turn of a
 * loop. That is a fifth of the time of the loop that reads a `.dat`. The few comments that it leaves are brought into ASCII, as
 * everything else is: V8 then needs one byte a character, and no decoding.
 */
export async function bundle(options) {
  const { outputFiles } = await build({ ...options, bundle: true, write: false });
  for (const { path, text, contents } of outputFiles) {
    await mkdir(dirname(path), { recursive: true });
    const constant = text.replace(/^var (?=[A-Z][A-Z0-9_]* = )/gm, 'const ');
    await writeFile(path, /js$/.test(path) ? inAscii(constant) : contents);
  }
}

function inAscii(text) {
  return text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
