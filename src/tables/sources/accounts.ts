import type { DirectoryConfig } from '../../config/config.ts';
import { bindPassword } from '../../ldap/bind-password.ts';
import { configurationError, type DirectoryError } from '../../ldap/error.ts';
import type { DirectoryReport } from '../../ldap/types.ts';
import { type AccountMemory, REFUSAL_STANDS } from '../../state/account-memory.ts';

/** An hour less than a day: an hourly job keeps its hour. */
const LOOK_EVERY = 23 * 60 * 60 * 1000;
const DAY = 24 * 60 * 60 * 1000;

/**
 * Sees to it that no account is locked out and that nothing ends unannounced: in one run, and from run to run by what is
 * remembered.
 */
export class Accounts {
  readonly #memory: AccountMemory | undefined;
  /** Account and password, by what they were refused for in this run. */
  readonly #refused: {
    readonly bindDn: string;
    readonly password: string;
    readonly error: DirectoryError;
  }[] = [];
  readonly #writes: boolean;
  #trouble: string | undefined;

  /**
   * @param memory undefined to know of nothing but this run, and to look at everything
   * @param writes false: nothing is written, so that the next run knows nothing of this one
   */
  constructor(memory: AccountMemory | undefined, writes: boolean) {
    this.#memory = memory;
    this.#writes = writes;
  }

  /** Why something that should be remembered is not. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /**
   * Lets a directory be asked, unless the password that it would be asked with was refused before.
   *
   * @throws DirectoryError
   */
  admit(directory: DirectoryConfig, now = Date.now()): void {
    const { name, bindDn } = directory;
    const password = bindPassword(directory);
    if (bindDn === undefined || password === undefined) return;
    const earlier = this.#refused.find((each) => each.bindDn === bindDn && each.password === password);
    if (earlier !== undefined) {
      throw configurationError(
        name,
        `its bind_dn and password were refused for directory ${earlier.error.directory}, and are not tried again: ${earlier.error.problem}`,
      );
    }
    const refusal = this.#memory?.refusal(bindDn, password, now);
    if (refusal === undefined || this.#memory === undefined) return;
    const [refusedAt, again] = [refusal.at, refusal.at + REFUSAL_STANDS].map(minuteOf);
    throw configurationError(
      name,
      `the password of bind_dn was refused by ${refusal.url} at ${refusedAt}, and is not tried again before ${again}, so that ` +
        `the account is not locked out: correct the password file; or, if the account was put right, remove ${this.#memory.path}`,
    );
  }

  /** Remembers a password that was refused. */
  failed(directory: DirectoryConfig, error: DirectoryError, now = Date.now()): void {
    const { name, bindDn } = directory;
    if (!error.isPasswordRefused || bindDn === undefined) return;
    const password = bindPassword(directory);
    if (password === undefined) return;
    this.#refused.push({ bindDn, password, error });
    this.#memory?.refuse({ directory: name, bindDn, url: error.url ?? 'the server', at: now }, password);
    this.#save(now);
  }

  /** Whether it is time to look when things end, and to warn of it. */
  isLookDue(directory: DirectoryConfig, now = Date.now()): boolean {
    return directory.warnBefore > 0 && this.#memory?.look(directory.name, LOOK_EVERY, now) === undefined;
  }

  /**
   * @param report of an extraction that asked when the password ends, when `isLookDue`
   * @returns when the password ends, as far as known, and what to warn of: each thing once a day
   */
  answered(
    directory: DirectoryConfig,
    report: DirectoryReport,
    now = Date.now(),
  ): { readonly passwordExpires: Date | undefined; readonly warnings: readonly string[] } {
    const isDue = this.isLookDue(directory, now);
    const known = this.#memory?.look(directory.name, LOOK_EVERY, now)?.passwordExpires;
    const passwordExpires = report.passwordExpires ?? (known === undefined ? undefined : new Date(known));
    if (!isDue) return { passwordExpires, warnings: [] };
    this.#memory?.looked(directory.name, { at: now, passwordExpires: passwordExpires?.getTime() });
    this.#save(now);
    return { passwordExpires, warnings: endings(directory, report, now) };
  }

  /** At once: the run may be killed. */
  #save(now: number): void {
    if (this.#memory === undefined || !this.#writes) return;
    try {
      this.#memory.save(now);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#trouble = `what was learnt of the accounts can't be remembered (${reason}): a refused password is tried again in each run`;
    }
  }
}

/** What ends within `warn_before`, in words. */
export function endings(
  { name, warnBefore }: Pick<DirectoryConfig, 'name' | 'warnBefore'>,
  found: Pick<DirectoryReport, 'url' | 'certificates' | 'passwordExpires'>,
  now = Date.now(),
): string[] {
  const isSoon = (end: Date) => end.getTime() - now < warnBefore;
  const warnings = found.certificates.flatMap(({ subject, expires }, place) => {
    if (!isSoon(expires)) return [];
    const whose =
      place === 0 ? 'the certificate' : `the certificate of the authority ${subject}, which vouches for it,`;
    return [
      `directory ${name}: ${found.url}: ${whose} ends ${dayOf(expires, now)}: renew it, or every run fails from then on`,
    ];
  });
  const { passwordExpires } = found;
  if (passwordExpires !== undefined && isSoon(passwordExpires)) {
    warnings.push(
      `directory ${name}: the password of bind_dn ends ${dayOf(passwordExpires, now)}: change it, and put the new one into the password file`,
    );
  }
  return warnings;
}

function dayOf(end: Date, now: number): string {
  const days = Math.floor((end.getTime() - now) / DAY);
  const left =
    days < 0 ? 'which is past' : days === 0 ? 'within a day' : days === 1 ? 'in 1 day' : `in ${days} days`;
  return `on ${end.toISOString().slice(0, 10)}, ${left}`;
}

function minuteOf(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
