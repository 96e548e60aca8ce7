import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { configurationTemplate } from '../../fixtures/campus/configuration.ts';
import type { Slapd } from '../../test/integration/slapd.ts';
import { CampusHub } from '../campus-hub.ts';
import { commandMilliseconds, copyMilliseconds, memoryMilliseconds, renameMilliseconds } from './times.ts';

/** What a stage can't be done in less than. */
export interface Bound {
  readonly milliseconds: number;
  readonly of: string;
  /** Where the time above the bound goes. */
  readonly why: string;
}

/** By hour and stage. What copies are made of is what a build leaves behind. */
export function findBounds(
  work: string,
  campus: string,
  slapd: Slapd,
): Record<string, Record<string, Bound>> {
  const hub = new CampusHub(work, campus, slapd);
  hub.empty();
  hub.build();
  const inFolder = (folder: string, of: (name: string) => boolean): string[] =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && of(entry.name))
      .map(({ name }) => join(folder, name));
  const texts = inFolder(hub.tablesDir, (name) => name.endsWith('.dat'));
  const tables = inFolder(hub.tablesDir, (name) => !name.endsWith('.dat'));
  const mirror = inFolder(join(hub.stateDir, 'mirror'), () => true);

  const search = ldapsearch(slapd, '-b', slapd.base, '-E', 'pr=5000/noprompt', unionFilter(), ...searched);
  const greeting = commandMilliseconds(
    ldapsearch(slapd, '-s', 'base', '-b', '', '(objectClass=*)', 'namingContexts'),
  );
  const answer = commandMilliseconds(search);
  const start = commandMilliseconds([process.execPath, '-e', '0']);
  const inMemory = memoryMilliseconds(texts);
  const text = copyMilliseconds(work, texts);
  const table = copyMilliseconds(work, tables);
  const remembered = copyMilliseconds(work, mirror);
  const renames = renameMilliseconds(work, texts.length + tables.length);

  const entries = { milliseconds: inMemory, of: 'copying the bytes of the entries in memory' };
  return {
    first: {
      survey: {
        milliseconds: 0,
        of: '',
        why: 'every file of every table is looked for, and what the state knows of it',
      },
      connect: {
        milliseconds: greeting,
        of: 'ldapsearch of the root DSE, the whole process',
        why: 'a TCP connection and the bind, the same as its',
      },
      extract: {
        milliseconds: answer,
        of: 'ldapsearch of the same search, the whole process',
        why: 'every address is checked, lower-cased and copied while the server gathers its next page; the schema is read before, what changed meanwhile after',
      },
      sort: {
        ...entries,
        why: 'keys come in no order, and each is compared with many; it is done in threads while others come, so little of it is waited for',
      },
      collect: {
        ...entries,
        why: 'waiting for the last entries to be sorted, and gathering what each object gave',
      },
      merge: {
        ...entries,
        why: 'the runs of each table become one, by keys that lie anywhere in memory; of equal keys one wins, the others are noted',
      },
      compare: { milliseconds: 0, of: '', why: 'there is nothing yet to compare with' },
      '.dat': {
        milliseconds: text,
        of: 'cp and sync of the .dat files',
        why: 'each line is made of a key and a value, quoted where the syntax asks for it; SHA-256; the file is read back and held against the entries',
      },
      bdb: {
        milliseconds: table,
        of: 'cp and sync of the dbm files',
        why: 'a hash of every key, buckets put into order, pages filled and checksummed, the whole file read back and held against the entries',
      },
      remember: {
        milliseconds: remembered,
        of: "cp and sync of the mirror's files",
        why: 'checksums of every section; it waits for the processors that the tables have meanwhile',
      },
      publish: {
        milliseconds: renames,
        of: 'as many renames, and one sync of the folder',
        why: 'a folder is synced for each table, and the state (SQLite) is told before and after',
      },
      whole: {
        milliseconds: start + answer + text + table + remembered,
        of: 'node -e 0, then ldapsearch, then the copies, one after the other',
        why: 'two threads do what they can while the directory answers; what is left is tables that are written when all is there',
      },
    },
    unchanged: {
      connect: {
        milliseconds: greeting,
        of: 'ldapsearch of the root DSE, the whole process',
        why: 'a TCP connection and the bind, the same as its',
      },
      extract: {
        milliseconds: greeting,
        of: 'ldapsearch of the root DSE, the whole process',
        why: 'two questions more: what has changed, and what changed since',
      },
      whole: {
        milliseconds: start + greeting,
        of: 'node -e 0, then ldapsearch of the root DSE',
        why: "our code is read, the configuration checked, the state's database opened and its lock taken, and the run noted in it with a sync",
      },
    },
  };
}

function ldapsearch({ url, bindDn, passwordFile }: Slapd, ...args: readonly string[]): string[] {
  return ['ldapsearch', '-x', '-LLL', '-H', url, '-D', bindDn, '-y', passwordFile, ...args];
}

/** What a build asks for, too: the attributes of its templates and filters. */
const searched = [
  'entryUUID',
  'proxyAddresses',
  'targetAddress',
  'homeMDB',
  'objectClass',
  'msExchRecipientTypeDetails',
];

function unionFilter(): string {
  const filters = configurationTemplate.matchAll(/^filter {4}= """\n([^"]*)"""/gm);
  return `(|${Array.from(filters, ([, filter]) => filter.replaceAll(/\\\n\s*/g, '')).join('')})`;
}
