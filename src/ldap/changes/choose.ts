import { isWithin } from '../dn.ts';
import { DirectoryError } from '../error.ts';
import { idAttribute } from '../object-id.ts';
import { timeLimitOf } from '../recipient-search.ts';
import type { RootDse } from '../root-dse.ts';
import type { Session } from '../session.ts';
import type { DirectorySettings } from '../types.ts';
import { DIRSYNC, DirSync } from './dirsync.ts';
import { type Mechanism, Refusal } from './mechanism.ts';
import { SYNC_REQUEST, SyncRepl } from './syncrepl.ts';
import { Timestamp } from './timestamp.ts';

/**
 * The ways in which a server may tell of changes, the best first; none when the settings want none.
 *
 * @param attributes those whose changes matter
 * @throws DirectoryError when it lacks what the settings ask for
 */
export function mechanisms(
  session: Session,
  settings: DirectorySettings,
  root: RootDse,
  attributes: readonly string[],
): Mechanism[] {
  const { delta, base, pageSize } = settings;
  const timeLimit = timeLimitOf(settings);
  const controls = root.supportedControls;
  const context = namingContext(base, root);
  const offered: Mechanism[] = [];
  if (controls.includes(DIRSYNC) && context !== undefined) {
    offered.push(new DirSync(session, context, attributes, timeLimit, controls));
  }
  // Others than OpenLDAP tie their cookies to the filter, and would have to hand over everything for the first one.
  if (controls.includes(SYNC_REQUEST) && (root.kind === 'openldap' || delta === 'syncrepl')) {
    offered.push(new SyncRepl(session, context ?? base, timeLimit));
  }
  const isActiveDirectory = root.kind === 'activeDirectory';
  offered.push(
    new Timestamp(session, {
      top: context ?? base,
      idAttribute: idAttribute(settings, root.kind),
      attribute: isActiveDirectory ? 'whenChanged' : 'modifyTimestamp',
      server: `${session.server.url} ${root.service ?? ''}`.trim(),
      timeLimit,
      pageSize,
    }),
  );
  if (delta === 'auto') return offered;
  const wanted = offered.filter(({ kind }) => kind === delta);
  if (delta !== 'none' && wanted.length === 0)
    throw unavailable(session, delta, 'the server does not offer it here');
  return wanted;
}

/**
 * The first way that the server takes to, and where it stands; undefined when there is none, and the settings don't insist.
 *
 * @throws DirectoryError
 */
export async function startOf(
  session: Session,
  { delta }: DirectorySettings,
  ways: readonly Mechanism[],
): Promise<{ readonly mechanism: Mechanism; readonly position: Buffer } | undefined> {
  for (const mechanism of ways) {
    const position = await mechanism.now();
    if (!(position instanceof Refusal)) return { mechanism, position };
    if (delta !== 'auto') throw unavailable(session, delta, position.reason);
  }
  return undefined;
}

/** That a way of asking for changes which the settings name is not to be had. */
function unavailable(session: Session, delta: string, reason: string): DirectoryError {
  return new DirectoryError(session.server, 'configuration', `delta = "${delta}" can't be had: ${reason}`);
}

/** The naming context that holds everything below the base. */
export function namingContext(base: string, { namingContexts }: RootDse): string | undefined {
  const holding = namingContexts.filter((context) => context !== '' && isWithin(base, context));
  return holding.sort((a, b) => b.length - a.length)[0];
}
