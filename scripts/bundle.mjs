import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { build } from 'esbuild';

/**
 * esbuild, with constants that stay constants: it makes `var` of them, which V8 then reads from memory in each turn of a
 * loop. That is a fifth of the time of the loop that reads a `.dat`.
 */
export async function bundle(options) {
  const { outputFiles } = await build({ ...options, bundle: true, write: false });
  for (const { path, text, contents } of outputFiles) {
    await mkdir(dirname(path), { recursive: true });
    const constant = text.replace(/^var (?=[A-Z][A-Z0-9_]* = )/gm, 'const ');
    await writeFile(path, path.endsWith('js') ? constant : contents);
  }
}
