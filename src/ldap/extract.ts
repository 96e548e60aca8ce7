import { bindPassword } from './bind-password.ts';
import { connect } from './connect.ts';
import { configurationError, DirectoryError, type Server } from './error.ts';
import { FilterError } from './filter.ts';
import { onFirstServer } from './first-server.ts';
import { Pace } from './pace.ts';
import { askPasswordExpiry } from './password-expiry.ts';
import { type FilterGroup, groupFilters, planSearches } from './plan.ts';
import { type Attempt, addressAttributes, RecipientSearch, timeLimitOf } from './recipient-search.ts';
import { readRootDse, readSchema } from './root-dse.ts';
import type { Schema } from './schema.ts';
import { Session } from './session.ts';
import { searchShared } from './shared-search.ts';
import { attributesOf, checkTemplates, TemplateError, usesAddresses } from './template.ts';
import type {
  DirectoryReport,
  DirectorySettings,
  Extraction,
  ExtractOptions,
  RecipientSink,
  Selection,
} from './types.ts';
import type { Visit } from './visit.ts';

/**
 * Reads all recipients that the selections ask for, from the first of the servers that gives the whole answer. One search serves
 * all selections whose filters can be told apart here; the others get one each.
 *
 * What goes to the sink is worth something only once the promise has resolved. A server that breaks off in the middle is given
 * up, the sink begins again, and the next server is asked from the beginning: two halves never make a whole. Wrong
 * credentials, an unknown base, and whatever else another server would answer the same, end the extraction at once.
 *
 * @throws DirectoryError whenever the answer isn't whole; the signal's reason when it is aborted; what the sink throws
 */
export async function extract(
  settings: DirectorySettings,
  selections: readonly Selection[],
  sink: RecipientSink,
  options: ExtractOptions = {},
): Promise<Extraction> {
  const started = performance.now();
  const groups = checkedGroups(settings, selections);
  const password = bindPassword(settings);
  const request = { settings, selections, sink, groups, options };
  const { answer, visit, failedServers, servers } = await onFirstServer(
    settings,
    (visit, signal) => extractFrom(visit, password, { ...request, options: { ...options, signal } }),
    { signal: options.signal },
  );
  const { certificates, passwordExpires } = visit;
  const milliseconds = performance.now() - started;
  const report = { ...answer, milliseconds, failedServers, servers, certificates, passwordExpires };
  return { mode: 'full', cursor: undefined, fullBecause: undefined, deletionsSeen: true, report };
}

interface Request {
  readonly settings: DirectorySettings;
  readonly selections: readonly Selection[];
  readonly sink: RecipientSink;
  readonly groups: readonly FilterGroup[];
  readonly options: ExtractOptions;
}

async function extractFrom(
  visit: Visit,
  password: string | undefined,
  { settings, selections, sink, groups, options }: Request,
): Promise<
  Pick<
    DirectoryReport,
    'url' | 'requests' | 'entries' | 'bytes' | 'references' | 'ownSearches' | 'selections'
  >
> {
  const { signal, progress } = options;
  signal?.throwIfAborted();
  const { url } = visit;
  const connection = await connect(settings, visit, password, signal);
  const pace = new Pace(settings.maxEntriesPerSecond);
  const server = { directory: settings.name, url };
  const session = new Session(connection, server, settings.operationTimeout, visit, pace);
  const onAbort = () => session.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort);
  try {
    const timeLimit = timeLimitOf(settings);
    const root = await readRootDse(session, timeLimit);
    const schema = await readSchema(session, root, timeLimit);
    if (options.askPasswordExpiry === true) await askPasswordExpiry(session, visit, settings, root);
    if (root.kind !== 'other') checkAttributes(settings, selections, schema, session.server);
    const nothing = { recipients: 0, otherDomains: 0, otherKinds: 0 };
    const reports = selections.map(() => nothing);
    const attempt: Attempt = {
      session,
      settings,
      selections,
      sink,
      server: root.kind,
      schema,
      progress,
      entries: 0,
      reports,
    };

    sink.begin('full');
    const { shared, own } = planSearches(groups, schema, root.kind);
    const ownSearches = [...own];
    if (shared.length === 1) await searchOne(attempt, shared[0]);
    else if (schema !== undefined && shared.length > 1) {
      ownSearches.push(...(await searchShared(attempt, shared, schema, root.kind)));
    }
    for (const { group } of ownSearches) await searchOne(attempt, group);
    return {
      url,
      requests: session.requests,
      entries: attempt.entries,
      bytes: session.bytes,
      references: session.references,
      ownSearches: ownSearches.map(({ group, reason }) => ({ filter: group.text, reason })),
      selections: reports,
    };
  } finally {
    signal?.removeEventListener('abort', onAbort);
    session.close();
  }
}

/**
 * A name that the server doesn't know is a mistake of the configuration, and no reason to reject every recipient for the lack of it.
 *
 * @throws DirectoryError
 */
function checkAttributes(
  settings: DirectorySettings,
  selections: readonly Selection[],
  schema: Schema | undefined,
  server: Server,
): void {
  if (schema === undefined) return;
  for (const { key, value } of selections) {
    const names = attributesOf(key, value);
    if (usesAddresses(key) || usesAddresses(value)) names.push(...addressAttributes(settings, schema));
    const unknown = names.find((name) => schema.attribute(name.replace(/;.*/, '')) === undefined);
    if (unknown === undefined) continue;
    throw new DirectoryError(
      server,
      'configuration',
      `there is no attribute ${unknown} in the server's schema`,
    );
  }
}

/** A search whose every entry belongs to the filter's selections, because the server says so. */
async function searchOne(attempt: Attempt, group: FilterGroup): Promise<void> {
  const search = new RecipientSearch(attempt, group.selections);
  await search.run(group.encoded, (_, write) => {
    for (const number of group.selections) write(number);
  });
}

function checkedGroups(settings: DirectorySettings, selections: readonly Selection[]): FilterGroup[] {
  try {
    for (const { key, value } of selections) checkTemplates(key, value);
    return groupFilters(selections);
  } catch (error) {
    if (!(error instanceof FilterError || error instanceof TemplateError)) throw error;
    throw configurationError(settings.name, error.message, error);
  }
}
