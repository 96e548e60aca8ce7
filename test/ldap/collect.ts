import { extract } from '../../src/ldap/extract.ts';
import type {
  DirectoryReport,
  DirectorySettings,
  ExtractOptions,
  Rejection,
  Selection,
} from '../../src/ldap/types.ts';
import { FoundTexts } from './found-texts.ts';

/** Settings for a server in the clear, anonymously. */
export function settingsFor(
  urls: readonly string[],
  changes: Partial<DirectorySettings> = {},
): DirectorySettings {
  return {
    name: 'ad',
    urls,
    base: 'dc=test',
    bindDn: undefined,
    passwordFile: undefined,
    caFile: undefined,
    starttls: false,
    allowPlaintext: false,
    pageSize: 100,
    connectTimeout: 10_000,
    operationTimeout: 30_000,
    extractionTimeout: 600_000,
    retryFor: 0,
    maxEntriesPerSecond: undefined,
    addressAttributes: ['proxyAddresses'],
    areUsualAttributes: true,
    idAttribute: undefined,
    delta: 'none',
    ...changes,
  };
}

/** Every address with the primary one. */
export const addresses: Selection = {
  filter: '(mail=*)',
  key: [{ name: 'address' }],
  value: [{ name: 'primary' }],
  domains: undefined,
};

export interface Collected {
  readonly report: DirectoryReport;
  /** `key: value` for each selection, in the order in which they came. */
  readonly entries: readonly string[][];
  readonly rejected: readonly Rejection[][];
  /** The selections that started over, in order. */
  readonly restarts: readonly number[];
  /** How often everything started over. */
  readonly attempts: number;
}

/** Extracts, and keeps what the selections got. */
export async function collect(
  settings: DirectorySettings,
  selections: readonly Selection[],
  options: ExtractOptions = {},
): Promise<Collected> {
  const entries: string[][] = selections.map(() => []);
  const rejected: Rejection[][] = selections.map(() => []);
  const restarts: number[] = [];
  let attempts = 0;
  const texts = new FoundTexts();
  const { report } = await extract(
    settings,
    selections,
    {
      begin() {
        attempts++;
        texts.forget();
        for (const selection of selections.keys()) {
          entries[selection] = [];
          rejected[selection] = [];
        }
      },
      changed() {},
      objects() {},
      entries(selection, found) {
        const lines = texts.read(selection, found).map(({ key, value }) => `${key}: ${value}`);
        entries[selection]?.push(...lines);
      },
      rejected(selection, _, rejection) {
        rejected[selection]?.push(rejection);
      },
      restart(selection) {
        restarts.push(selection);
        texts.forget(selection);
        entries[selection] = [];
        rejected[selection] = [];
      },
    },
    options,
  );
  return { report, entries, rejected, restarts, attempts };
}
