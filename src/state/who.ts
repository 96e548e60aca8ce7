import { userInfo } from 'node:os';

/** Who runs the program, for the history: the person behind sudo where there is one, and the user of the process. */
export function whoRuns(environment: NodeJS.ProcessEnv = process.env): string {
  const uid = process.getuid?.() ?? -1;
  const user = userName() ?? environment.USER ?? environment.LOGNAME;
  const person = environment.SUDO_USER ?? user;
  const account = person === user || user === undefined ? `uid ${uid}` : `as ${user}, uid ${uid}`;
  return person === undefined ? account : `${person} (${account})`;
}

/** The name that the system has for this process's user; undefined where it has none, as in a container. */
function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
