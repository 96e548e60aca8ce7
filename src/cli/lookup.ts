import { loadConfig } from '../config/load.ts';
import { DbmError } from '../dbm/error.ts';
import { printable } from '../tables/columns/bytes.ts';
import { type Hit, PublishedTables } from '../tables/questions/lookup.ts';
import type { LookupFlags } from './flags.ts';
import { jsonDocument } from './json.ts';
import { Status } from './status.ts';

/** `mailhub-tables lookup`. @returns the exit status */
export async function lookupCommand(args: readonly string[], flags: LookupFlags): Promise<number> {
  const config = await loadConfig(flags.config, { offline: true });
  const wanted = args.length > 0 ? args : await linesOf(process.stdin);
  const tables = await PublishedTables.open(config);
  try {
    for (const fault of tables.faults) process.stderr.write(`mailhub-tables: ${fault}\n`);
    const answers = flags.value
      ? byValue(tables, wanted)
      : wanted.map((key) => ({ asked: key, hits: find(tables, key) }));
    if (flags.json) {
      const list = answers.map(({ asked, hits }) => ({ asked, found: hits.map(textOf) }));
      process.stdout.write(jsonDocument(list));
    } else {
      for (const answer of answers) writeAnswer(tables, answer, flags.value ?? false);
    }
    if (answers.every(({ hits }) => hits.length > 0))
      return tables.faults.length > 0 ? Status.error : Status.ok;
    return tables.faults.length > 0 ? Status.error : Status.notFound;
  } catch (error) {
    if (!(error instanceof DbmError)) throw error;
    process.stderr.write(`mailhub-tables: ${error.message}; mailhub-tables build mends a damaged table\n`);
    return Status.error;
  } finally {
    tables.close();
  }
}

interface Answer {
  readonly asked: string;
  readonly hits: readonly Hit[];
}

function find(tables: PublishedTables, key: string): Hit[] {
  return tables.find(Buffer.from(key));
}

function byValue(tables: PublishedTables, values: readonly string[]): Answer[] {
  const hits = [...tables.findByValue(values.map((value) => Buffer.from(value)))];
  return values.map((value) => ({
    asked: value,
    hits: hits.filter((hit) => Buffer.from(value).equals(hit.value)),
  }));
}

function writeAnswer(tables: PublishedTables, { asked, hits }: Answer, byValue: boolean): void {
  for (const hit of hits) {
    const { table, key, value } = textOf(hit);
    process.stdout.write(byValue ? `${key}: ${table}: ${value}\n` : `${asked}: ${table}: ${value}\n`);
  }
  if (hits.length > 0) return;
  if (tables.faults.length > 0) {
    process.stdout.write(`${asked}: not in the tables that can be read\n`);
    return;
  }
  process.stdout.write(`${asked}: not found\n`);
  const domain = asked.slice(asked.lastIndexOf('@') + 1);
  const [domainHit] = byValue || domain === asked ? [] : find(tables, domain);
  const known = domainHit === undefined ? '' : `; its domain is in ${domainHit.table}`;
  process.stderr.write(
    `${asked}: in no table${known}; a router may still know it (partial lookups, affixes): exim -bt ${asked}\n`,
  );
}

function textOf({ table, key, value }: Hit): { table: string; key: string; value: string } {
  return { table, key: printable(key), value: printable(value) };
}

async function linesOf(stream: NodeJS.ReadStream): Promise<string[]> {
  stream.setEncoding('utf8');
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
