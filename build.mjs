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
for (const script of ['man-pages.ts', 'code-cache.ts']) {
  execFileSync(process.execPath, ['--import', 'tsx', `scripts/${script}`, 'dist'], { stdio: 'inherit' });
}
