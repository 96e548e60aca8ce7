import { mechanisms, namingContext, startOf } from './changes/choose.ts';
import { movedContainer } from './changes/containers.ts';
import { decodeCursor, encodeCursor } from './changes/cursor.ts';
import { findRestarts, neededAttributes } from './changes/follow.ts';
import { idFilters } from './changes/ids.ts';
import { type Changes, type Mechanism, Refusal } from './changes/mechanism.ts';
import { Patience, TooSlow } from './changes/patience.ts';
import { DirectoryError } from './error.ts';
import type { Filter } from './filter.ts';
import { idAttribute } from './object-id.ts';
import type { Outbox } from './outbox.ts';
import type { FilterGroup, OwnSearch } from './plan.ts';
import { type Attempt, timeLimitOf } from './recipient-search.ts';
import type { RootDse } from './root-dse.ts';
import { searchGroups } from './search-groups.ts';
import type { Session } from './session.ts';
import type { Cursor, DirectorySettings, Selection } from './types.ts';
import { unionFilter } from './union-filter.ts';

/** Full searches in a row that containers may be moved under; somebody is at work there, and a later run fares better. */
const MAX_SEARCHES = 3;
/** More changed objects than these are not read by their ids. */
const MAX_CHANGES = 20_000;

/** What an attempt came to. */
export interface Outcome {
  readonly mode: 'full' | 'delta';
  readonly cursor: Cursor | undefined;
  readonly fullBecause: string | undefined;
  readonly deletionsSeen: boolean;
  readonly ownSearches: readonly OwnSearch[];
}

/** One conversation with one server, whose sessions know the way to what has changed. */
export interface Conversation {
  readonly session: Session;
  readonly settings: DirectorySettings;
  readonly selections: readonly Selection[];
  readonly groups: readonly FilterGroup[];
  readonly sink: Outbox;
  readonly root: RootDse;
  /** Whether what changed is to be read however long it takes. */
  readonly isPatient: boolean;
  /** Reads what a search has to know of the server first; the same each time. */
  prepare(): Promise<Attempt>;
}

/** What changed since the cursor, or everything where that can't be told. @throws DirectoryError */
export async function extractSince(conversation: Conversation, since: Cursor | undefined): Promise<Outcome> {
  const { session, settings, groups, selections, root } = conversation;
  const ways = mechanisms(session, settings, root, neededAttributes(settings, groups, selections));
  if (since === undefined) return extractFull(conversation, ways, undefined);
  const outcome = await extractChanges(conversation, ways, since).catch((error: unknown) => {
    if (error instanceof TooSlow) return new Refusal(tooSlow(conversation));
    throw error;
  });
  return outcome instanceof Refusal ? extractFull(conversation, ways, outcome.reason) : outcome;
}

async function extractChanges(
  conversation: Conversation,
  ways: readonly Mechanism[],
  since: Cursor,
): Promise<Outcome | Refusal> {
  const { sink, groups } = conversation;
  const mechanism = ways.find(({ kind }) => kind === since.kind);
  const contents = decodeCursor(since);
  if (mechanism === undefined) return new Refusal(`changes are not asked for by ${since.kind} any more`);
  if (contents === undefined) return new Refusal('the cursor is not one of this program');
  const scope = await mechanism.scope();
  if (scope !== since.scope) return new Refusal(`the cursor is good for ${since.scope} and not for ${scope}`);

  let changes = await mechanism.since(contents.position);
  if (changes instanceof Refusal) return changes;
  if (changes.notices.size > MAX_CHANGES && !conversation.isPatient)
    return new Refusal(`${changes.notices.size} objects have changed`);
  const moved = await movedIn(conversation, changes);
  if (moved !== undefined) return new Refusal(moved);

  sink.begin('delta');
  const { restarts, apart } = contents;
  const reasonOf = (group: FilterGroup) => restarts.find(({ filter }) => filter === group.text)?.reason;
  const restarted = groups.filter((group) => reasonOf(group) !== undefined);
  const followed = groups.filter((group) => reasonOf(group) === undefined);
  const ownSearches: OwnSearch[] = restarted.map((group) => ({ group, reason: reasonOf(group) ?? '' }));
  if (restarted.length > 0) {
    for (const number of restarted.flatMap((group) => group.selections)) sink.restart(number);
    await searchGroups(await conversation.prepare(), restarted, { apart });
    // What moved while all was searched is found as after a full search.
    const late = await mechanism.since(changes.position);
    if (late instanceof Refusal) return late;
    const movedLate = await movedIn(conversation, late);
    if (movedLate !== undefined) return new Refusal(movedLate);
    if (late.notices.size > 0) {
      await searchGroups(await conversation.prepare(), restarted, {
        within: within(conversation, late),
        apart,
      });
    }
    changes = { ...late, notices: new Map([...changes.notices, ...late.notices]) };
  }
  const patience = conversation.isPatient ? undefined : new Patience(contents.everything);
  const hasty = {
    ...conversation,
    prepare: async () => Object.assign(await conversation.prepare(), { patience }),
  };
  ownSearches.push(...(await readAfresh(hasty, followed, changes, apart)));
  const cursor = encodeCursor(mechanism.kind, scope, { ...contents, position: changes.position });
  const { deletionsSeen } = changes;
  return { mode: 'delta', cursor, fullBecause: undefined, deletionsSeen, ownSearches };
}

function tooSlow({ settings, root }: Conversation): string {
  const indexed = [idAttribute(settings, root.kind), ...(root.kind === 'openldap' ? ['objectClass'] : [])];
  return `reading what changed by ids would take longer than reading everything: does the server have an index of ${indexed.join(' and of ')}?`;
}

async function extractFull(
  conversation: Conversation,
  ways: readonly Mechanism[],
  fullBecause: string | undefined,
): Promise<Outcome> {
  const { session, sink, groups, root } = conversation;
  const attempt = await conversation.prepare();
  const start = await startOf(session, conversation.settings, ways);
  let position = start?.position;
  for (let searches = 1; ; searches++) {
    sink.begin('full');
    const started = performance.now();
    const ownSearches = await searchGroups(attempt, groups);
    const everything = performance.now() - started;
    if (start === undefined || position === undefined) {
      return { mode: 'full', cursor: undefined, fullBecause, deletionsSeen: true, ownSearches };
    }
    const { mechanism } = start;
    const changes = await mechanism.since(position);
    if (changes instanceof Refusal) {
      throw new DirectoryError(
        session.server,
        'protocol',
        `what changed during the search can't be had: ${changes.reason}`,
      );
    }
    const moved = await movedIn(conversation, changes);
    if (moved !== undefined) {
      if (searches < MAX_SEARCHES) {
        position = changes.position;
        continue;
      }
      throw new DirectoryError(session.server, 'protocol', `in each of ${searches} searches, ${moved}`);
    }
    const apart = ownSearches.map(({ group }) => group.text);
    // What these few give is no part of what the search found.
    await readAfresh({ ...conversation, prepare: async () => uncounted(attempt) }, groups, changes, apart);
    const restarts = await findRestarts(attempt, groups, root, mechanism.kind);
    const contents = { position: changes.position, restarts, apart, everything };
    return {
      mode: 'full',
      cursor: encodeCursor(mechanism.kind, await mechanism.scope(), contents),
      fullBecause,
      deletionsSeen: changes.deletionsSeen,
      ownSearches,
    };
  }
}

async function readAfresh(
  conversation: Conversation,
  groups: readonly FilterGroup[],
  changes: Changes,
  apart: readonly string[],
): Promise<OwnSearch[]> {
  for (const { id, isDeleted } of changes.notices.values()) {
    conversation.sink.changed(id, isDeleted ? 'deleted' : 'changed');
  }
  const filters = within(conversation, changes);
  if (filters.length === 0 || groups.length === 0) return [];
  return searchGroups(await conversation.prepare(), groups, { within: filters, apart });
}

/** Finds the objects that changed and are still there. */
function within({ settings, root }: Conversation, { notices }: Changes): Filter[] {
  const alive = [...notices.values()].filter(({ isDeleted }) => !isDeleted);
  return idFilters(idAttribute(settings, root.kind), alive);
}

function movedIn(
  { session, settings, groups, root }: Conversation,
  { notices }: Changes,
): Promise<string | undefined> {
  const candidates = [...notices.values()].filter(({ mayHaveMoved }) => mayHaveMoved);
  const place = {
    session,
    top: namingContext(settings.base, root) ?? settings.base,
    idAttribute: idAttribute(settings, root.kind),
    recipients: unionFilter(groups.map((group) => group.filter)),
    timeLimit: timeLimitOf(settings),
    pageSize: settings.pageSize,
  };
  return movedContainer(place, candidates);
}

/** For what a full extraction catches up with: it is no part of the report, and comes to an end however long it takes. */
function uncounted(attempt: Attempt): Attempt {
  return { ...attempt, reports: [...attempt.reports], patience: undefined };
}
