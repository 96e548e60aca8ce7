import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formats } from '../../../src/dbm/index.ts';
import { aliases, eximLookup, pairsOf, scratchDirectory } from '../support.ts';

const directory = scratchDirectory();
const config = join(directory, 'exim.conf');
writeFileSync(config, '');

/** Without what means something in an expansion. */
const entries = aliases(3000).filter(([key]) => !`${key}`.includes("'"));
const keys = entries.map(([key]) => `${key}`);

test.each([
  ['dbm', true],
  ['dbmnz', false],
] as const)('Exim’s %s lookup finds every key', async (lookup, terminated) => {
  const path = join(directory, lookup);
  const table = [...entries, ['long@example.ac.uk', 'v'.repeat(9000)] as const];
  await formats.bdb.write(path, pairsOf(table), { terminated });
  const answers = eximLookup(lookup, path, [...keys, 'long@example.ac.uk', 'nobody@example.ac.uk'], config);
  expect(answers).toEqual([...table.map(([, value]) => value), undefined]);
});

test('a table without entries is one in which Exim finds nothing', async () => {
  const path = join(directory, 'empty');
  await formats.bdb.write(path, pairsOf([]));
  expect(eximLookup('dbm', path, ['nobody@example.ac.uk'], config)).toEqual([undefined]);
});
