import { bindPassword } from './bind-password.ts';
import { checkAttributes } from './check-attributes.ts';
import { connect } from './connect.ts';
import { extractSince, type Outcome } from './delta.ts';
import { configurationError } from './error.ts';
import { FilterError } from './filter.ts';
import { onFirstServer } from './first-server.ts';
import { Outbox } from './outbox.ts';
import { Pace } from './pace.ts';
import { askPasswordExpiry } from './password-expiry.ts';
import { type FilterGroup, groupFilters } from './plan.ts';
import { type Attempt, timeLimitOf } from './recipient-search.ts';
import { readRootDse, readSchema, withBase } from './root-dse.ts';
import { Session } from './session.ts';
import { checkTemplates, TemplateError } from './template.ts';
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
 * all selections whose filters can be told apart here; the others get one each. With a cursor to go on from, only what has changed
 * is read, where the server can tell that.
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
  const {
    answer: outcome,
    visit,
    failedServers,
    servers,
  } = await onFirstServer(
    settings,
    (visit, signal) => extractFrom(visit, password, { ...request, options: { ...options, signal } }),
    { signal: options.signal },
  );
  const { certificates, passwordExpires } = visit;
  const milliseconds = performance.now() - started;
  const { answer, ...extraction } = outcome;
  const report = { ...answer, milliseconds, failedServers, servers, certificates, passwordExpires };
  return { ...extraction, report };
}

interface Request {
  readonly settings: DirectorySettings;
  readonly selections: readonly Selection[];
  readonly sink: RecipientSink;
  readonly groups: readonly FilterGroup[];
  readonly options: ExtractOptions;
}

type Answer = Pick<
  DirectoryReport,
  'url' | 'requests' | 'entries' | 'bytes' | 'references' | 'pageLimit' | 'ownSearches' | 'selections'
>;

async function extractFrom(
  visit: Visit,
  password: string | undefined,
  { settings, selections, sink, groups, options }: Request,
): Promise<Omit<Outcome, 'ownSearches'> & Pick<Extraction, 'idForm'> & { readonly answer: Answer }> {
  const { signal, progress } = options;
  signal?.throwIfAborted();
  const { url } = visit;
  const connection = await connect(settings, visit, password, signal);
  visit.connected();
  const pace = new Pace(settings.maxEntriesPerSecond);
  const server = { directory: settings.name, url };
  const session = new Session(connection, server, settings.operationTimeout, visit, pace);
  const onAbort = () => session.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort);
  try {
    const timeLimit = timeLimitOf(settings);
    const root = await readRootDse(session, timeLimit);
    const located = withBase(settings, root, session.server);
    if (options.askPasswordExpiry === true) await askPasswordExpiry(session, visit, settings, root);
    const nothing = { recipients: 0, otherDomains: 0, otherKinds: 0 };
    const reports = selections.map(() => nothing);
    const outbox = new Outbox(sink, selections.length, session.memory);
    let attempt: Attempt | undefined;
    const prepare = async (): Promise<Attempt> => {
      if (attempt !== undefined) return attempt;
      const schema = await readSchema(session, root, timeLimit);
      if (root.kind !== 'other') checkAttributes(settings, selections, schema, session.server);
      attempt = {
        session,
        settings: located,
        selections,
        sink: outbox,
        server: root.kind,
        schema,
        progress,
        entries: 0,
        patience: undefined,
        idForm: undefined,
        reports,
      };
      return attempt;
    };
    const { isPatient = false } = options;
    const conversation = {
      session,
      settings: located,
      selections,
      groups,
      sink: outbox,
      root,
      isPatient,
      prepare,
    };
    const { ownSearches, ...outcome } = await extractSince(conversation, options.since);
    const answer = {
      url,
      requests: session.requests,
      entries: attempt?.entries ?? 0,
      bytes: session.bytes,
      references: session.references,
      pageLimit: visit.pageLimit,
      ownSearches: ownSearches.map(({ group, reason }) => ({ filter: group.text, reason })),
      selections: reports,
    };
    return { ...outcome, idForm: attempt?.idForm, answer };
  } finally {
    signal?.removeEventListener('abort', onAbort);
    session.close();
  }
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
