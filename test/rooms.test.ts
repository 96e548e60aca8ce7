import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { violations } from './rooms.ts';

const source = fileURLToPath(new URL('../src/', import.meta.url));

describe('the rooms of src/', () => {
  it('import in the directions that are laid down', () => {
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    expect(files.length).toBeGreaterThan(0);
    expect(files.flatMap((file) => violations(file, readFileSync(`${source}${file}`, 'utf8')))).toEqual([]);
  });
});

describe('the check of the rooms', () => {
  it.each([
    ['dbm/bdb/write.ts', "import { Entries } from '../../tables/entries.ts';"],
    ['dbm/open.ts', "import type { Config } from '../config/config.ts';"],
    ['ldap/search.ts', "import {\n  a,\n  b,\n} from '../dbm/format.ts';"],
    ['ldap/search.ts', "export { remember } from '../state/runs.ts';"],
    ['ldap/search.ts', "export * from '../tables/sort.ts';"],
    ['tables/build.ts', "const { print } = await import('../cli/print.ts');"],
    ['tables/build.ts', "import '../service/serve.ts';"],
    ['service/serve.ts', "import { print } from '../cli/print.ts';"],
    ['config/load.ts', "import { connect } from '../ldap/connect.ts';"],
    ['state/runs.ts', "import { sort } from '../tables/sort.ts';"],
    ['index.ts', "export { main } from './cli/main.ts';"],
    ['tables/build.ts', "import { campus } from '../../fixtures/campus/generate.ts';"],
    ['helpers.ts', ''],
    ['util/text.ts', ''],
  ])('finds a violation planted in %s: %s', (file, text) => {
    expect(violations(file, `import { x } from 'node:fs';\n${text}\n`)).toHaveLength(1);
  });

  it.each([
    [
      'cli/build.ts',
      "import { build } from '../tables/build.ts';\nimport { serve } from '../service/serve.ts';",
    ],
    [
      'tables/build.ts',
      "import { extract } from '../ldap/extract.ts';\nimport type { Format } from '../dbm/format.ts';",
    ],
    ['config/load.ts', "import { parse } from '../ldap/filter.ts';"],
    ['state/runs.ts', "import type { Difference } from '../tables/diff.ts';"],
    ['dbm/bdb/write.ts', "import { DbmError } from '../error.ts';\nimport Database from 'better-sqlite3';"],
    ['cli/version.ts', "import manifest from '../../package.json' with { type: 'json' };"],
    ['index.ts', "export * from './tables/build.ts';"],
  ])('accepts what %s may import', (file, text) => {
    expect(violations(file, `${text}\n`)).toEqual([]);
  });
});
