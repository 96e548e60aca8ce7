import type { Config } from '../../config/config.ts';
import { AccountMemory } from '../../state/account-memory.ts';
import { MirrorStore } from '../../state/mirror/store.ts';
import { Accounts } from '../sources/accounts.ts';
import { Sources } from '../sources/collect.ts';
import { TableThreads } from '../threads/table-threads.ts';
import type { Provenance } from './provenance.ts';

/** What the last runs learnt of the objects behind the tables, open for reading. */
export interface OpenProvenance extends Provenance {
  close(): void;
}

/** Opens what is known of the objects behind the tables, asking no directory; where nothing is known, it knows of none. */
export async function openProvenance(config: Config): Promise<OpenProvenance> {
  const store = MirrorStore.peek(config.stateDir);
  const sources = new Sources(config, {
    store,
    accounts: new Accounts(new AccountMemory(config.stateDir), false),
    full: false,
    sorting: new TableThreads(),
  });
  return {
    origin: (table, key) => sources.origin(table, key),
    departure: (table, key) => sources.departure(table, key),
    close: () => {
      sources.close();
      store?.close();
    },
  };
}
