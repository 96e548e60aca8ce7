import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eximWithSqlite, expand, lookupOf } from '../../../fixtures/exim/exim.ts';
import { formats } from '../../../src/dbm/index.ts';
import { aliases, type Entry, pairsOf, scratchDirectory } from '../support.ts';

const directory = scratchDirectory();

test('Exim’s sqlite lookup finds every key with the query of docs/exim.md', async () => {
  const config = join(directory, 'exim.conf');
  writeFileSync(config, '');
  const path = join(directory, 'table.sqlite');
  const entries: Entry[] = [...aliases(3000), ['zoë@example.ac.uk', 'Zoë'], ['long', 'v'.repeat(9000)]];
  await formats.sqlite.write(path, pairsOf(entries));
  const keys = [...entries.map(([key]) => `${key}`), 'nobody@example.ac.uk', "nobody'"];
  const answers = expand(
    eximWithSqlite(),
    config,
    keys.map((key) => lookupOf('sqlite', 'own', path, key)),
  );
  expect(answers).toEqual([...entries.map(([, value]) => `[${value}]`), 'none', 'none']);
}, 60_000);
