import * as z from 'zod/mini';
import { acceptedDomainKinds, acceptedDomainsSource } from './accepted-domains.ts';
import type { CsvSourceConfig, DirectorySourceConfig, FileSourceConfig, SourceConfig } from './config.ts';
import { ValueError } from './error.ts';
import { parsed, path } from './leaf.ts';
import { nearest } from './nearest.ts';
import { quote } from './printable.ts';
import { type Finding, raise, rule, unique } from './rule.ts';
import type { Surroundings } from './surroundings.ts';
import { parseTemplate, placeholders, type Template } from './template.ts';
import {
  asKey,
  checkFilter,
  directoryPlaceholders,
  parseDirectoryTemplate,
  parseDomain,
  parseDuration,
} from './values.ts';

const sourceKinds = ['directory', 'accepted_domains', 'file', 'csv'] as const;

/** `[[tables.NAME.sources]]`: what kind it is tells the one key of `directory`, `accepted_domains`, `file` and `csv` that it has. */
export function sourceSchema(surroundings: Surroundings) {
  const kinds = {
    directory: directorySource(surroundings),
    accepted_domains: acceptedDomains(surroundings),
    file: fileSource(surroundings),
    csv: csvSource(surroundings),
  };
  return z.transform((value: unknown, payload): SourceConfig => {
    const section = z.record(z.string(), z.unknown()).safeParse(value);
    if (!section.success) {
      raise(payload, {
        path: [],
        message: 'is no table',
        hint: 'write each source as [[tables.NAME.sources]]',
      });
      return z.NEVER;
    }
    const keys = Object.keys(section.data);
    const [kind, ...others] = sourceKinds.filter((each) => keys.includes(each));
    if (kind === undefined || others.length > 0) {
      raise(payload, { path: [], ...notOneKind(keys) });
      return z.NEVER;
    }
    const result = kinds[kind].safeParse(value);
    if (result.success) return result.data;
    for (const issue of result.error.issues) payload.issues.push({ ...issue, input: undefined });
    return z.NEVER;
  });
}

const maxAge = { max_age: z.optional(parsed(z.string(), parseDuration)) };

const common = { optional: z._default(z.boolean(), false) };

function directorySource({ directories }: Surroundings) {
  const domains = z.array(parsed(z.string(), parseDomain)).check(
    z.minLength(1),
    unique((domain) => domain),
  );
  const keys = z.strictObject({
    directory: parsed(z.string(), (name) => knownDirectory(name, directories)),
    filter: parsed(z.string(), checkFilter),
    key: parsed(z.string(), (text) => asKey(parseDirectoryTemplate(text))),
    value: parsed(z.string(), parseDirectoryTemplate),
    domains: z.optional(domains),
    ...common,
  });
  return z.pipe(
    keys.check(rule(['key', 'value'], settledAddress)),
    z.transform((section): DirectorySourceConfig => ({ kind: 'directory', domains: undefined, ...section })),
  );
}

function acceptedDomains({ directories }: Surroundings) {
  const kinds = z.array(z.enum(acceptedDomainKinds)).check(
    z.minLength(1),
    unique((kind) => kind),
  );
  return z.pipe(
    z.strictObject({
      accepted_domains: parsed(z.string(), (name) => knownDirectory(name, directories)),
      kinds: z._default(kinds, [...acceptedDomainKinds]),
      value: z._default(parsed(z.string(), parseDomainTemplate), ['local']),
      ...common,
    }),
    z.transform(
      ({ accepted_domains, ...section }): DirectorySourceConfig =>
        acceptedDomainsSource({ directory: accepted_domains, ...section }),
    ),
  );
}

/** A template for the value of a domain. @throws ValueError */
function parseDomainTemplate(text: string): Template {
  const template = parseDirectoryTemplate(text);
  const named = placeholders(template).find((name) => directoryPlaceholders.some((known) => known === name));
  if (named === undefined) return template;
  const hint = 'write text, or the name of an attribute such as {msExchAcceptedDomainFlags}';
  throw new ValueError(`{${named}} is of a recipient, and accepted domains are none`, hint);
}

function* settledAddress({ key, value }: { key: Template; value: Template }): Iterable<Finding> {
  const [named] = placeholders(value).filter(isOfAddress);
  if (named === undefined || placeholders(key).some(isOfAddress)) return;
  const hint = 'use {primary}, or put {address} into the key';
  yield { path: ['value'], message: `{${named}} of which address? The key takes none`, hint };
}

function isOfAddress(placeholder: string): boolean {
  return placeholder === 'address' || placeholder === 'local_part' || placeholder === 'domain';
}

function fileSource(surroundings: Surroundings) {
  return z.pipe(
    z.strictObject({ file: inputPath(surroundings), ...maxAge, ...common }),
    z.transform(
      ({ file, max_age, optional }): FileSourceConfig => ({
        kind: 'file',
        path: file,
        maxAge: max_age,
        optional,
      }),
    ),
  );
}

function csvSource(surroundings: Surroundings) {
  return z.pipe(
    z.strictObject({
      csv: inputPath(surroundings),
      key: parsed(z.string(), (text) => asKey(parseTemplate(text))),
      value: parsed(z.string(), parseTemplate),
      delimiter: z._default(z.enum([',', ';', 'auto']), 'auto'),
      ...maxAge,
      ...common,
    }),
    z.transform(
      ({ csv, max_age, ...section }): CsvSourceConfig => ({
        kind: 'csv',
        path: csv,
        maxAge: max_age,
        ...section,
      }),
    ),
  );
}

function notOneKind(keys: readonly string[]): { message: string; hint: string } {
  const named = sourceKinds.filter((kind) => keys.includes(kind));
  if (named.length > 1) {
    return { message: `has both ${named.join(' and ')}`, hint: 'make a source of each' };
  }
  const misspelt = keys.find((key) => nearest(key, sourceKinds) !== undefined);
  const hint =
    misspelt === undefined
      ? 'name what it reads with one of them'
      : `did you mean ${nearest(misspelt, sourceKinds)} by ${quote(misspelt)}?`;
  return { message: 'has none of directory, accepted_domains, file and csv', hint };
}

/** A file that may be missing as yet, but must not be one that a table writes. */
function inputPath(surroundings: Surroundings) {
  return path(surroundings, (file) => {
    const owner = surroundings.outputs.owner(file);
    if (owner === undefined) return;
    throw new ValueError(
      `${file} is a file that table ${owner} writes, so it can't be a source`,
      'have the input put elsewhere, or leave the sources out for a table that is kept by hand',
    );
  });
}

function knownDirectory(name: string, directories: readonly string[]): string {
  if (directories.includes(name)) return name;
  const meant = nearest(name, directories);
  const hint = meant === undefined ? `add [directory.${name}]` : `did you mean ${meant}?`;
  throw new ValueError(`there is no directory ${quote(name)}`, hint);
}
