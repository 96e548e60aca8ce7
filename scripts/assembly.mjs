// Compiles each src/**/assembly/index.ts from AssemblyScript to WebAssembly, and writes the loops.ts beside its folder that brings
// these loops to work in a memory. Does nothing where that was made from the same sources before: those of the folder, and of the
// assembly/ in a folder above, which it may import from.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const OPTIONS = [
  ...['--optimizeLevel', '3', '--noAssert', '--runtime', 'stub'],
  ...['--importMemory', '--sharedMemory', '--maximumMemory', '65536', '--enable', 'threads,simd,bulk-memory'],
];
const root = fileURLToPath(new URL('../', import.meta.url));

/** vitest calls it before its tests. */
export { compileAssembly as setup };

export async function compileAssembly() {
  for (const name of readdirSync(join(root, 'src'), { recursive: true })) {
    const folder = join(root, 'src', name);
    if (basename(name) === 'assembly' && existsSync(join(folder, 'index.ts'))) await compile(folder);
  }
}

async function compile(folder) {
  const target = join(dirname(folder), 'loops.ts');
  const head = `// Made by scripts/assembly.mjs, not by hand: ${digestOf(folder)}\n`;
  if (existsSync(target) && readFileSync(target, 'utf8').startsWith(head)) return;
  const { code, declarations } = await asc(folder);
  const room = relative(join(root, 'src'), folder).startsWith('ldap') ? 'ldap' : 'dbm';
  const memory = relative(dirname(folder), join(root, 'src', room, 'linear-memory.ts'));
  const source = relative(root, folder);
  writeFileSync(
    target,
    `${head}import type { LinearMemory } from '${memory.startsWith('.') ? memory : `./${memory}`}';

/** The loops of ${source}, where they are described. Addresses that come back are to be taken as unsigned. */
export interface Loops {
${declarations.map((declaration) => `  ${declaration};\n`).join('')}}

const CODE = Buffer.from('${code}', 'base64');

/** Brings the loops to work in \`memory\`. */
export function loopsIn(memory: LinearMemory): Loops {
  return memory.instantiate(CODE) as Loops;
}
`,
  );
}

function digestOf(folder) {
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
  for (const each of [folder, join(root, 'src/dbm/assembly')]) {
    for (const name of readdirSync(each).sort()) hash.update(name).update(readFileSync(join(each, name)));
  }
  return hash.digest('hex');
}

async function asc(folder) {
  const { default: compiler } = await import('assemblyscript/asc');
  const files = new Map();
  const { error, stderr } = await compiler.main(
    ['index.ts', '--outFile', 'loops.wasm', '--bindings', 'raw', ...OPTIONS],
    {
      readFile: (name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : null),
      writeFile: (name, content) => files.set(name, content),
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`${folder}:\n${stderr}`);
  const declarations = [...files.get('loops.d.ts').matchAll(/export function (\w+\(.*\): \w+);/g)];
  return {
    code: Buffer.from(files.get('loops.wasm')).toString('base64'),
    declarations: declarations.map(([, declaration]) => declaration),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await compileAssembly();
