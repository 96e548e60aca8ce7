import fc from 'fast-check';
import { stringify } from 'smol-toml';
import { expect, test } from 'vitest';
import {
  type Amount,
  type DirectoryConfig,
  deltaChoices,
  type FormatChoice,
  onHoldChoices,
  plainFormats,
  type SourceConfig,
  suffixedFormats,
  type TableConfig,
} from '../../src/config/config.ts';
import { ConfigError } from '../../src/config/error.ts';
import { sections } from '../../src/config/sections.ts';
import type { Template } from '../../src/config/template.ts';
import { failure, workspace } from './workspace.ts';

// Digits at the end keep two names from sharing a file.
const name = fc.stringMatching(/^[A-Za-z][A-Za-z_.-]{0,8}[0-9]$/);
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 });
const attribute = fc
  .stringMatching(/^[a-z][a-zA-Z0-9]{3,8}$/)
  .filter((each) => !/address|domain|primary/i.test(each));
const placeholder = fc.oneof(attribute, fc.constantFrom('address', 'local_part', 'domain', 'primary'));
const host = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}(\.[a-z]{2,5})?(:[1-9][0-9]{0,3})?$/);
const domain = fc.stringMatching(/^[a-z0-9]{1,9}(\.[a-z]{2,5}){0,2}$/);
const literal = fc.stringMatching(/^[ -~éß€]{1,6}$/);

const amount: fc.Arbitrary<Amount> = fc.oneof(
  fc.nat().map((count) => ({ count })),
  fc.integer({ min: 0, max: 10_000 }).map((hundredths) => ({ percent: hundredths / 100 })),
);

const template: fc.Arbitrary<Template> = fc
  .tuple(placeholder, literal, fc.boolean())
  .map(([first, rest, swap]) => (swap ? [rest, { name: first }] : [{ name: first }, rest]));

const timeout = fc.integer({ min: 1, max: 86_400 }).map((seconds) => seconds * 1000);
const minute = fc.integer({ min: 0, max: 24 * 60 - 1 });
const hours = fc.record({ from: minute, to: minute }).filter(({ from, to }) => from !== to);
const directory = fc.record<DirectoryConfig>({
  name,
  urls: fc.uniqueArray(host, { minLength: 1, maxLength: 3, selector: (each) => each.split(':', 1).join() }),
  base: text,
  bindDn: fc.option(text, { nil: undefined }),
  passwordFile: fc.constant(undefined),
  caFile: fc.constant(undefined),
  starttls: fc.boolean(),
  allowPlaintext: fc.constant(false),
  pageSize: fc.integer({ min: 1, max: 5000 }),
  connectTimeout: timeout,
  operationTimeout: timeout,
  extractionTimeout: timeout,
  retryFor: timeout,
  maxEntriesPerSecond: fc.option(fc.integer({ min: 1, max: 1_000_000 }), { nil: undefined }),
  warnBefore: fc.integer({ min: 0, max: 366 }).map((days) => days * 86_400_000),
  fullEvery: fc.integer({ min: 1, max: 1000 }).map((hours) => hours * 3_600_000),
  noFullBetween: fc.option(hours, { nil: undefined }),
  addressAttributes: fc.uniqueArray(attribute, {
    minLength: 1,
    maxLength: 3,
    selector: (each) => each.toLowerCase(),
  }),
  areUsualAttributes: fc.constant(false),
  idAttribute: fc.option(attribute, { nil: undefined }),
  delta: fc.constantFrom(...deltaChoices),
});

const optional = fc.boolean();
const maxAge = fc.option(
  fc.integer({ min: 1, max: 9999 }).map((minutes) => minutes * 60_000),
  { nil: undefined },
);
const key = text.map((each) => each.replace(/[A-Z@]/g, 'x'));
const shelter = fc.uniqueArray(
  fc.oneof(
    key,
    domain.map((each) => `@${each}`),
  ),
  { minLength: 1 },
);
const path = fc.stringMatching(/^[a-z ]{1,8}$/).map((each) => `/none/${each}x`);
const source = (directories: readonly DirectoryConfig[]): fc.Arbitrary<SourceConfig> =>
  fc.oneof(
    fc.record({
      kind: fc.constant('directory' as const),
      directory: fc.constantFrom(...directories.map((each) => each.name)),
      filter: attribute.map((each) => `(&(${each}=*)(!(cn=a\\2ab)))`),
      key: template,
      value: template.filter((parts) => !/"(address|local_part|domain)"/.test(JSON.stringify(parts))),
      domains: fc.option(fc.uniqueArray(domain, { minLength: 1 }), { nil: undefined }),
      optional,
    }),
    fc.record({ kind: fc.constant('file' as const), path, maxAge, optional }),
    fc.record({
      kind: fc.constant('csv' as const),
      path,
      key: template,
      value: template,
      delimiter: fc.constantFrom(',' as const, ';' as const, 'auto' as const),
      maxAge,
      optional,
    }),
  );

const formats: fc.Arbitrary<FormatChoice[]> = fc
  .tuple(fc.constantFrom(...plainFormats, undefined), fc.subarray([...suffixedFormats]))
  .map(([plain, suffixed]) => (plain === undefined ? suffixed : [plain, ...suffixed]))
  .filter((list) => list.length > 0);

const config = fc
  .uniqueArray(directory, { minLength: 1, maxLength: 3, selector: (each) => each.name })
  .map((directories) =>
    directories.map((each): DirectoryConfig => {
      const scheme = each.starttls ? 'ldap' : 'ldaps';
      return { ...each, urls: each.urls.map((url) => `${scheme}://${url}`) };
    }),
  )
  .chain((directories) =>
    fc.record({
      directories: fc.constant(directories),
      tables: fc.uniqueArray(
        fc
          .record<TableConfig>({
            name,
            formats,
            guard: fc.option(
              fc.record(
                {
                  maxRemoved: amount,
                  maxChanged: amount,
                  maxAdded: amount,
                  minEntries: fc.nat(),
                  maxRemovedPerDomain: amount,
                  protected: shelter,
                },
                { requiredKeys: [] },
              ),
              { nil: undefined },
            ),
            onHold: fc.constantFrom(...onHoldChoices),
            sources: fc.array(source(directories), { maxLength: 3 }),
          })
          .map((table) => (table.sources.length === 0 ? { ...table, onHold: 'nothing' as const } : table)),
        { minLength: 1, maxLength: 4, selector: (each) => each.name },
      ),
    }),
  );

test('any configuration is read as it was written', async () => {
  const { at, load } = workspace();
  await fc.assert(
    fc.asyncProperty(config, async ({ directories, tables }) => {
      const bound = directories.map((each) => ({ ...each, passwordFile: each.bindDn && at('secret') }));
      const read = await load(toToml(bound, tables));
      expect(read.directories).toEqual(bound);
      expect(read.tables).toEqual(tables);
      expect(read.tables.map((each) => each.name)).toEqual(tables.map((each) => each.name));
    }),
  );
});

test('an unknown key is found in any place of any configuration', async () => {
  const { load } = workspace();
  await fc.assert(
    fc.asyncProperty(config, fc.nat(), async ({ directories, tables }, seed) => {
      const anonymous = directories.map((each) => ({ ...each, bindDn: undefined }));
      const lines = toToml(anonymous, tables).split('\n');
      const headers = lines.flatMap((line, index) => (line.startsWith('[') ? [index] : []));
      const header = headers[seed % headers.length] ?? 0;
      lines.splice(header + 1, 0, 'xyzzy = 1');
      const { problems } = await failure(load(lines.join('\n')));
      expect(problems).toMatchObject([{ line: header + 2, column: 1, message: 'there is no such key here' }]);
      expect(problems[0]?.key).toMatch(/\.xyzzy$/);
    }),
  );
});

test('whatever the keys hold, there is a configuration or a list of problems with their lines', async () => {
  const { load } = workspace();
  const scalar = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant('tables'),
    fc.date({ noInvalidDate: true }),
  );
  const keys = fc.constantFrom(
    ...Object.values(sections).flatMap((each) => Object.keys(each)),
    'ad',
    '__proto__',
  );
  const { section } = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 5 }, scalar, tie('section'), fc.array(tie('value'), { maxLength: 3 })),
    section: fc.dictionary(keys, tie('value'), { maxKeys: 8 }),
  }));
  await fc.assert(
    fc.asyncProperty(section, async (document) => {
      const outcome = await load(stringify(document)).catch((error: unknown) => error);
      if (!(outcome instanceof Error)) return;
      if (!(outcome instanceof ConfigError)) throw outcome;
      expect(outcome.problems.length).toBeGreaterThan(0);
      for (const { line, hint } of outcome.problems) {
        expect(line).toBeGreaterThan(0);
        expect(hint).not.toMatch(/^$|undefined/);
      }
    }),
    { numRuns: 300 },
  );
});

function toToml(directories: readonly DirectoryConfig[], tables: readonly TableConfig[]): string {
  return stringify({
    tables_dir: 'tables',
    directory: Object.fromEntries(directories.map((each) => [each.name, directoryKeys(each)])),
    tables: Object.fromEntries(
      tables.map(({ name, formats, guard, onHold, sources }) => [
        name,
        given({
          format: formats.length === 1 ? formats[0] : formats,
          guard:
            guard &&
            given({
              max_removed: guard.maxRemoved && written(guard.maxRemoved),
              max_changed: guard.maxChanged && written(guard.maxChanged),
              max_added: guard.maxAdded && written(guard.maxAdded),
              min_entries: guard.minEntries,
              max_removed_per_domain: guard.maxRemovedPerDomain && written(guard.maxRemovedPerDomain),
              protected: guard.protected,
            }),
          on_hold: onHold,
          sources: sources.map(sourceKeys),
        }),
      ]),
    ),
  });
}

function clock(minutes: number): string {
  return [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':');
}

function directoryKeys(directory: DirectoryConfig) {
  return given({
    urls: directory.urls,
    base: directory.base,
    bind_dn: directory.bindDn,
    password_file: directory.passwordFile,
    starttls: directory.starttls,
    page_size: directory.pageSize,
    connect_timeout: directory.connectTimeout / 1000,
    operation_timeout: directory.operationTimeout / 1000,
    extraction_timeout: directory.extractionTimeout / 1000,
    retry_for: directory.retryFor / 1000,
    max_entries_per_second: directory.maxEntriesPerSecond,
    warn_before: directory.warnBefore / 86_400_000,
    full_every: `${directory.fullEvery / 3_600_000} hours`,
    no_full_between:
      directory.noFullBetween &&
      `${clock(directory.noFullBetween.from)}-${clock(directory.noFullBetween.to)}`,
    address_attributes: directory.addressAttributes,
    id_attribute: directory.idAttribute,
    delta: directory.delta,
  });
}

function sourceKeys(source: SourceConfig) {
  const max_age =
    source.kind === 'directory' || source.maxAge === undefined
      ? undefined
      : `${source.maxAge / 60_000} minutes`;
  if (source.kind === 'file') return given({ file: source.path, max_age, optional: source.optional });
  const common = { key: braced(source.key), value: braced(source.value), optional: source.optional };
  if (source.kind === 'csv')
    return given({ csv: source.path, delimiter: source.delimiter, max_age, ...common });
  return given({ directory: source.directory, filter: source.filter, domains: source.domains, ...common });
}

function braced(template: Template): string {
  return template
    .map((part) => (typeof part === 'string' ? part.replace(/[{}]/g, '$&$&') : `{${part.name}}`))
    .join('');
}

function written(amount: Amount): number | string {
  return 'count' in amount ? amount.count : `${amount.percent}%`;
}

function given(keys: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined));
}
