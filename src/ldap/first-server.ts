import { configurationError, DirectoryError } from './error.ts';
import type { DirectorySettings, FailedServer } from './types.ts';

/**
 * Does something with the first server that is up to it. A server that can't be reached, breaks off, is too slow or too busy is
 * given up for the next one; any other error is final, because another server would say the same and each bind with a wrong
 * password brings the account nearer to being locked out.
 *
 * @throws DirectoryError that names the servers tried before, too
 */
export async function onFirstServer<T>(
  settings: DirectorySettings,
  action: (url: string) => Promise<T>,
): Promise<{ readonly answer: T; readonly failedServers: readonly FailedServer[] }> {
  const failedServers: FailedServer[] = [];
  for (const [number, url] of settings.urls.entries()) {
    try {
      return { answer: await action(url), failedServers };
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
      if (!error.isServersOwn || number === settings.urls.length - 1) throw error.after(failedServers);
      failedServers.push({ url, message: error.problem });
    }
  }
  throw configurationError(settings.name, 'no server to ask: see urls');
}
