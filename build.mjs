// Bundles the commands and the library.
import { execFileSync } from 'node:child_process';
import { cp, rm } from 'node:fs/promises';
import { compileAssembly } from './scripts/assembly.mjs';
import { bundleModules, bundlePrograms } from './scripts/bundle.mjs';

await compileAssembly();
await rm('dist', { recursive: true, force: true });
await bundlePrograms('dist');
await bundleModules('dist', {
  index: 'src/index.ts',
  'fixtures/server': 'fixtures/server/main.ts',
});
// The fixture server finds its schema beside its folder, here as in the sources.
await cp('fixtures/schema', 'dist/schema', { recursive: true });
run('man-pages.ts');
try {
  run('code-cache.ts');
} catch {
  // It asks a directory on loopback, which the place where a package is built may lack.
  process.stderr.write(
    'no code cache was written, for the reason above: the commands work, and start 0.05 s slower\n',
  );
}

function run(script) {
  execFileSync(process.execPath, ['--import', 'tsx', `scripts/${script}`, 'dist'], { stdio: 'inherit' });
}
