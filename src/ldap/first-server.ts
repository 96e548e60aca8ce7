import { setTimeout as pause } from 'node:timers/promises';
import { configurationError, DirectoryError } from './error.ts';
import { NoMemoryError } from './linear-memory.ts';
import { findServers, isLookup } from './srv.ts';
import type { DirectorySettings, FailedServer, ServerLoad } from './types.ts';
import { Visit } from './visit.ts';

/** Before the second round, in milliseconds; each further one waits twice as long as the one before. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;
/** Some lock an account after five wrong passwords; others use it too. */
const MAX_UNANSWERED_BINDS = 3;

export interface TourOptions {
  readonly signal?: AbortSignal | undefined;
  /** False: each server is asked once, whatever `retryFor` says, since a person is waiting. */
  readonly retries?: boolean;
}

export interface Toured<T> {
  readonly answer: T;
  readonly visit: Visit;
  readonly failedServers: readonly FailedServer[];
  /** In the order in which they were first asked; the one that answered too. */
  readonly servers: readonly ServerLoad[];
}

/**
 * Does something with the first server that is up to it. A server that can't be reached, breaks off, is too slow, too busy or not
 * understood is given up for the next one. After the last one all are asked again, but for those that were not understood: after
 * a pause that doubles each time, until `retryFor` has passed since the first failure.
 *
 * Any other error is final, because another server would say the same, there would be no more memory for its answer, and each bind
 * with a wrong password brings the account nearer to being locked out. So is the third bind that was not answered, for it may have
 * counted as a wrong one.
 *
 * @param action is given up, by its signal, when `extractionTimeout` has passed
 * @throws DirectoryError that names the servers tried before, too; the signal's reason when it is aborted
 */
export async function onFirstServer<T>(
  settings: DirectorySettings,
  action: (visit: Visit, signal: AbortSignal) => Promise<T>,
  options: TourOptions = {},
): Promise<Toured<T>> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), settings.extractionTimeout);
  const signals = options.signal === undefined ? [late.signal] : [options.signal, late.signal];
  const tour = new Tour(settings, action, AbortSignal.any(signals), options.retries ?? true);
  try {
    return await tour.run();
  } catch (error) {
    options.signal?.throwIfAborted();
    if (late.signal.aborted) throw tour.late();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

class Tour<T> {
  readonly #settings: DirectorySettings;
  readonly #action: (visit: Visit, signal: AbortSignal) => Promise<T>;
  readonly #signal: AbortSignal;
  readonly #retries: boolean;
  readonly #visits: { readonly visit: Visit; readonly failure: string | undefined }[] = [];
  readonly #failed: DirectoryError[] = [];
  readonly #notUnderstood = new Set<string>();
  #firstFailure: number | undefined;

  constructor(
    settings: DirectorySettings,
    action: (visit: Visit, signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
    retries: boolean,
  ) {
    this.#settings = settings;
    this.#action = action;
    this.#signal = signal;
    this.#retries = retries;
  }

  async run(): Promise<Toured<T>> {
    for (let round = 0; ; round++) {
      for (const item of this.#settings.urls) {
        for (const url of await this.#serversOf(item)) {
          if (this.#notUnderstood.has(url)) continue;
          const toured = await this.#ask(url);
          if (toured !== undefined) return toured;
        }
      }
      const last = this.#failed.at(-1);
      if (last === undefined) throw configurationError(this.#settings.name, 'no server to ask: see urls');
      const wait = Math.min(FIRST_PAUSE * 2 ** round, LONGEST_PAUSE) * (0.5 + Math.random() / 2);
      if (!this.#mayAskAgain(wait)) throw this.#final(last);
      await pause(wait, undefined, { signal: this.#signal });
    }
  }

  late(): DirectoryError {
    const { name, extractionTimeout } = this.#settings;
    const problem = `no whole answer within ${extractionTimeout / 1000} s: see extraction_timeout`;
    const url = this.#visits.at(-1)?.visit.url;
    return this.#final(new DirectoryError({ directory: name, url }, 'timeout', problem));
  }

  async #serversOf(item: string): Promise<readonly string[]> {
    if (!isLookup(item)) return [item];
    try {
      return await findServers(item, this.#settings, this.#signal);
    } catch (error) {
      this.#remember(error);
      return [];
    }
  }

  async #ask(url: string): Promise<Toured<T> | undefined> {
    this.#signal.throwIfAborted();
    const visit = new Visit(url);
    try {
      const answer = await this.#action(visit, this.#signal);
      visit.end();
      this.#visits.push({ visit, failure: undefined });
      return { answer, visit, failedServers: this.#failed.map(failedServer), servers: this.#loads() };
    } catch (caught) {
      const error = caught instanceof NoMemoryError ? this.#noMemory(url, caught) : caught;
      visit.end();
      this.#visits.push({ visit, failure: error instanceof DirectoryError ? error.problem : undefined });
      this.#remember(error);
      return undefined;
    }
  }

  #noMemory(url: string, cause: NoMemoryError): DirectoryError {
    return new DirectoryError({ directory: this.#settings.name, url }, 'memory', cause.message, { cause });
  }

  /** @throws the error, when it is final */
  #remember(error: unknown): void {
    if (!(error instanceof DirectoryError)) throw error;
    if (this.#signal.aborted) throw error;
    if (!error.isServersOwn) throw this.#final(error);
    this.#firstFailure ??= performance.now();
    this.#failed.push(error);
    if (error.fault === 'protocol' && error.url !== undefined) this.#notUnderstood.add(error.url);
    const unanswered = this.#visits.filter(({ visit }) => visit.isBindUnanswered).length;
    if (unanswered < MAX_UNANSWERED_BINDS) return;
    throw this.#final(
      new DirectoryError(
        { directory: this.#settings.name, url: error.url },
        'closed',
        `${error.problem}; ${unanswered} binds were not answered, and more of them could lock the account out`,
      ),
    );
  }

  #mayAskAgain(wait: number): boolean {
    if (!this.#retries || this.#firstFailure === undefined) return false;
    if (this.#failed.every(({ url }) => url !== undefined && this.#notUnderstood.has(url))) return false;
    return performance.now() + wait - this.#firstFailure <= this.#settings.retryFor;
  }

  #final(error: DirectoryError): DirectoryError {
    const earlier = this.#failed.filter((each) => each !== error).map(failedServer);
    const triedFor = this.#firstFailure === undefined ? 0 : performance.now() - this.#firstFailure;
    return error.after(earlier, this.#loads(), triedFor);
  }

  #loads(): ServerLoad[] {
    const loads = new Map<string, ServerLoad>();
    for (const { visit, failure } of this.#visits) {
      const before = loads.get(visit.url);
      loads.set(visit.url, {
        url: visit.url,
        attempts: (before?.attempts ?? 0) + 1,
        requests: (before?.requests ?? 0) + visit.requests,
        entries: (before?.entries ?? 0) + visit.entries,
        bytes: (before?.bytes ?? 0) + visit.bytes,
        milliseconds: (before?.milliseconds ?? 0) + visit.milliseconds,
        connectMilliseconds: (before?.connectMilliseconds ?? 0) + visit.connectMilliseconds,
        pausedMilliseconds: (before?.pausedMilliseconds ?? 0) + visit.pausedMilliseconds,
        failure,
      });
    }
    return [...loads.values()];
  }
}

function failedServer({ url, problem }: DirectoryError): FailedServer {
  return { url: url ?? 'urls', message: problem };
}
