import { isAbsolute } from 'node:path';
import * as z from 'zod/mini';
import { type GuardConfig, onHoldChoices } from './config.ts';
import { directorySchema } from './directory.ts';
import { type KeyPath, ValueError } from './error.ts';
import { checkDirectory, checkProgram, checkStateDirectory, realPath } from './files.ts';
import { parsed, path, text } from './leaf.ts';
import { nearest } from './nearest.ts';
import { quote } from './printable.ts';
import { type Finding, rule, sound, unique } from './rule.ts';
import { sourceSchema } from './source.ts';
import type { Surroundings } from './surroundings.ts';
import { parseAmount, parseDuration, parseFormats, parseMailAddress, parseProtected } from './values.ts';

export type Settings = z.output<ReturnType<typeof configSchema>>;

/**
 * The configuration file. Every value is judged by itself, and every rule about several keys whenever those are sound:
 * no finding hides another.
 */
export function configSchema(surroundings: Surroundings) {
  return keys(surroundings).check(
    rule(['tables_dir', 'state_dir'], function* ({ tables_dir, state_dir }) {
      if (realPath(tables_dir) !== realPath(state_dir)) return;
      yield {
        path: ['state_dir'],
        message: 'is the same directory as tables_dir',
        hint: 'give it one of its own: what is remembered there is not for everybody who may read the tables',
      };
    }),
    rule(['tables', 'cross_checks', 'combined', 'grace', 'canaries'], function* (settings) {
      const known = Object.keys(settings.tables);
      for (const { path, name } of namedTables(settings)) {
        if (known.includes(name)) continue;
        const meant = nearest(name, known);
        yield {
          path,
          message: `there is no table ${quote(name)}`,
          hint: meant === undefined ? `known: ${known.join(', ')}` : `did you mean ${meant}?`,
        };
      }
    }),
    rule(['tables'], function* ({ tables }) {
      if (Object.keys(tables).length > 0) return;
      yield { path: ['tables'], message: 'there are no tables', hint: 'add [tables.NAME] for each table' };
    }),
  );
}

function keys(surroundings: Surroundings) {
  const table = z
    .strictObject({
      format: z.optional(parsed(z.unknown(), parseFormats)),
      guard: z.optional(guardSchema()),
      on_hold: z._default(z.enum(onHoldChoices), 'nothing'),
      sources: z._default(z.array(sourceSchema(surroundings)), []),
    })
    .check(
      rule(['on_hold', 'sources'], function* ({ on_hold, sources }) {
        if (on_hold !== 'additions' || sources.length > 0) return;
        const hint = 'remove it: the file is held or published as it is';
        yield {
          path: ['on_hold'],
          message: 'is for tables with sources, and this one is kept by hand',
          hint,
        };
      }),
    );
  const combined = z.strictObject({
    tables: z.array(z.string()).check(
      z.minLength(1),
      unique((name) => name),
    ),
    format: z.optional(parsed(z.unknown(), parseFormats)),
  });
  const canary = z.strictObject({
    address: parsed(z.string(), parseMailAddress),
    table: z.string(),
    router: z.optional(text()),
  });
  return z.strictObject({
    tables_dir: path(surroundings, checkDirectory),
    state_dir: z._default(path(surroundings, checkStateDirectory), '/var/lib/mailhub-tables'),
    keep_history: z._default(parsed(z.string(), parseDuration), 400 * 24 * 60 * 60 * 1000),
    format: z.optional(parsed(z.unknown(), parseFormats)),
    exim: z._default(path(surroundings, checkProgram), '/usr/sbin/exim'),
    generations: z._default(z.int().check(z.gte(0), z.lte(1000)), 5),
    cross_checks: z.optional(crossChecksSchema()),
    notify: z.optional(notifySchema(surroundings)),
    combined: z._default(z.record(z.string(), combined), {}),
    grace: z._default(
      z.record(z.string(), z.extend(combined, { keep: parsed(z.string(), parseDuration) })),
      {},
    ),
    canaries: z._default(z.array(canary), []),
    directory: z._default(z.record(z.string(), directorySchema(surroundings)), {}),
    tables: z._default(z.record(z.string(), table), {}),
  });
}

function guardSchema() {
  const amount = z.optional(parsed(z.unknown(), parseAmount));
  return z.pipe(
    z.strictObject({
      max_removed: amount,
      max_changed: amount,
      max_added: amount,
      min_entries: z.optional(z.int().check(z.gte(0))),
      max_removed_per_domain: amount,
      protected: z.optional(
        z.array(parsed(z.string(), parseProtected)).check(
          z.minLength(1),
          unique((key) => key),
        ),
      ),
    }),
    z.transform(
      (guard): GuardConfig => ({
        maxRemoved: guard.max_removed,
        maxChanged: guard.max_changed,
        maxAdded: guard.max_added,
        minEntries: guard.min_entries,
        maxRemovedPerDomain: guard.max_removed_per_domain,
        protected: guard.protected,
      }),
    ),
  );
}

function crossChecksSchema() {
  const mode = z._default(z.enum(['warn', 'hold', 'off']), 'warn');
  return z.strictObject({
    local_domains: z.optional(z.string()),
    lists: z.optional(z.array(z.string())),
    duplicates: mode,
    shadowed: mode,
    not_local: mode,
    empty_domains: mode,
    loops: mode,
  });
}

function notifySchema(surroundings: Surroundings) {
  const keys = z.strictObject({
    mail: z._default(z.array(parsed(z.string(), parseMailAddress)), []),
    from: z.optional(parsed(z.string(), parseMailAddress)),
    sendmail: z._default(
      path(surroundings, () => {}),
      '/usr/sbin/sendmail',
    ),
    command: z._default(z.array(text()), []),
    after: z._default(z.int().check(z.gte(1), z.lte(1000)), 3),
  });
  return keys.check(
    rule(['mail', 'command'], function* ({ mail, command }) {
      if (mail.length + command.length > 0) return;
      yield { path: [], message: 'names nobody to tell', hint: 'set mail, command, or both' };
    }),
    rule(['mail', 'sendmail'], function* ({ mail, sendmail }) {
      if (mail.length > 0) yield* asFinding(['sendmail'], () => checkProgram(sendmail));
    }),
    rule(['command'], function* ({ command: [program] }) {
      if (typeof program === 'string') yield* asFinding(['command', 0], () => checkCommand(program));
    }),
  );
}

function* asFinding(path: KeyPath, check: () => void): Iterable<Finding> {
  try {
    check();
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    yield { path, message: error.message, hint: error.hint };
  }
}

function checkCommand(program: string): void {
  if (!isAbsolute(program)) {
    throw new ValueError(`${program} is no absolute path`, 'write the whole path: no shell looks for it');
  }
  checkProgram(program);
}

/** Where a table of `[tables.NAME]` is meant. */
function* namedTables({
  cross_checks,
  combined,
  grace,
  canaries,
}: Pick<z.output<ReturnType<typeof keys>>, 'cross_checks' | 'combined' | 'grace' | 'canaries'>): Iterable<{
  path: KeyPath;
  name: string;
}> {
  const lists: (readonly [KeyPath, readonly string[]])[] = [
    [['cross_checks', 'lists'], cross_checks?.lists ?? []],
  ];
  for (const [section, tables] of Object.entries({ combined, grace })) {
    for (const [name, each] of Object.entries(tables))
      lists.push([[section, name, 'tables'], each?.tables ?? []]);
  }
  for (const [path, names] of lists) {
    for (const [i, name] of sound(names)) yield { path: [...path, i], name };
  }
  if (typeof cross_checks?.local_domains === 'string')
    yield { path: ['cross_checks', 'local_domains'], name: cross_checks.local_domains };
  for (const [i, canary] of canaries.entries()) {
    if (typeof canary?.table === 'string') yield { path: ['canaries', i, 'table'], name: canary.table };
  }
}
