import { bindPassword } from './bind-password.ts';
import { connect } from './connect.ts';
import { searchObjects } from './entry-object.ts';
import { type Filter, parseFilter } from './filter.ts';
import { encodeFilter } from './filter-ber.ts';
import { onFirstServer } from './first-server.ts';
import { printableDn } from './printable.ts';
import { timeLimitOf } from './recipient-search.ts';
import { readRootDse, withBase } from './root-dse.ts';
import { Session } from './session.ts';
import type { DirectorySettings } from './types.ts';

const SIZE_LIMIT_EXCEEDED = 4;
const MOST = 10;

/** An object that has an address, and which of the filters it matches. */
export interface Holder {
  readonly dn: string;
  readonly matches: readonly boolean[];
}

/**
 * The objects below the base that have an address in one of the address attributes, ten at the most, whatever else they are.
 *
 * @param filters RFC 4515
 * @throws DirectoryError, FilterError
 */
export async function findHolders(
  settings: DirectorySettings,
  address: Uint8Array,
  filters: readonly string[],
): Promise<Holder[]> {
  const password = bindPassword(settings);
  const wanted = parseFilter(filterOf(settings.addressAttributes, address));
  const { answer } = await onFirstServer(
    settings,
    async (visit, signal) => {
      const connection = await connect(settings, visit, password, signal);
      const server = { directory: settings.name, url: visit.url };
      const session = new Session(connection, server, settings.operationTimeout, visit);
      try {
        const timeLimit = timeLimitOf(settings);
        const root = await readRootDse(session, timeLimit);
        const { base } = withBase(settings, root, server);
        const find = async (filter: Filter): Promise<string[]> => {
          const found = await searchObjects(session, {
            base,
            scope: 'sub',
            filter: encodeFilter(filter),
            attributes: ['1.1'],
            timeLimit,
            sizeLimit: MOST,
            tolerated: [SIZE_LIMIT_EXCEEDED],
          });
          return found.map(({ dn }) => printableDn(dn));
        };
        const holders = await find(wanted);
        if (holders.length === 0) return [];
        const matching: Set<string>[] = [];
        for (const filter of filters) {
          matching.push(new Set(await find({ kind: 'and', filters: [wanted, parseFilter(filter)] })));
        }
        return holders.map((dn) => ({ dn, matches: matching.map((set) => set.has(dn)) }));
      } finally {
        session.close();
      }
    },
    { retries: false },
  );
  return answer;
}

/** With and without the kind of address in front. Every byte is escaped that could mean something (RFC 4515, section 3). */
function filterOf(attributes: readonly string[], address: Uint8Array): string {
  let text = '';
  for (const byte of address) {
    const character = String.fromCharCode(byte);
    text += /[\w.@-]/.test(character) ? character : `\\${byte.toString(16).padStart(2, '0')}`;
  }
  const tests = attributes.flatMap((name) =>
    ['', 'smtp:', 'SMTP:'].map((kind) => `(${name}=${kind}${text})`),
  );
  return `(|${tests.join('')})`;
}
