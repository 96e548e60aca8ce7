import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { CanaryConfig, Config } from '../../config/config.ts';
import { DbmError } from '../../dbm/error.ts';
import { PublishedTables } from '../questions/lookup.ts';

/** In milliseconds. */
const MOST_TIME = 30_000;

/** A canary that did not come back, and why. */
export interface DeadCanary {
  readonly address: string;
  readonly message: string;
}

/**
 * Looks for every canary as mail would: in the files that Exim reads and, where a router is named, with `exim -bt`.
 *
 * @throws EximError with `format = "auto"`
 */
export async function deadCanaries(config: Config): Promise<DeadCanary[]> {
  if (config.canaries.length === 0) return [];
  const tables = await PublishedTables.open(config);
  try {
    const results = await Promise.all(
      config.canaries.map(
        async (canary) => lookupFault(tables, canary) ?? (await routingFault(config, canary)),
      ),
    );
    return config.canaries.flatMap(({ address }, i) => {
      const message = results[i];
      return message === undefined ? [] : [{ address, message }];
    });
  } finally {
    tables.close();
  }
}

function lookupFault(tables: PublishedTables, { address, table }: CanaryConfig): string | undefined {
  try {
    const hits = tables.find(Buffer.from(address));
    const [first] = hits;
    if (first?.table === table) return undefined;
    const [fault] = tables.faults;
    if (first === undefined) return `it is not in ${table}${fault === undefined ? '' : `; ${fault}`}`;
    return hits.some((hit) => hit.table === table)
      ? `it is in ${first.table}, which comes before ${table}`
      : `it is in ${first.table} and not in ${table}`;
  } catch (error) {
    if (!(error instanceof DbmError)) throw error;
    return error.message;
  }
}

async function routingFault(
  { exim }: Config,
  { address, router }: CanaryConfig,
): Promise<string | undefined> {
  if (router === undefined) return undefined;
  const { failed, output } = await promisify(execFile)(exim, ['-bt', address], { timeout: MOST_TIME }).then(
    ({ stdout }) => ({ failed: false, output: stdout }),
    (error: unknown) => ({ failed: true, output: outputOf(error) }),
  );
  const routers = [...output.matchAll(/router = ([^\s,]+)/g)].map(([, name]) => name);
  if (!failed && routers.includes(router)) return undefined;
  const said = output.trim().split('\n')[0] ?? '';
  return `${exim} -bt takes it by ${routers.length === 0 ? 'no router' : routers.join(', ')} and not by ${router}: ${said}`;
}

function outputOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stdout = 'stdout' in error && typeof error.stdout === 'string' ? error.stdout : '';
  const stderr = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr : '';
  return stdout + stderr || error.message;
}
