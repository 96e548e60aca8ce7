import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';

/** How long a refused password is left alone, in milliseconds. */
export const REFUSAL_STANDS = 24 * 60 * 60 * 1000;

const time = z.int().check(z.gte(0));
const refusalSchema = z.object({
  directory: z.string(),
  bindDn: z.string(),
  url: z.string(),
  at: time,
  salt: z.string(),
  hash: z.string(),
});
const fileSchema = z.object({
  refusals: z.array(refusalSchema),
  looks: z.record(z.string(), z.object({ at: time, passwordExpires: z.optional(time) })),
});

type Contents = z.output<typeof fileSchema>;

/** A password that a server refused. Times are milliseconds of Unix time. */
export type Refusal = Pick<z.output<typeof refusalSchema>, 'directory' | 'bindDn' | 'url' | 'at'>;

/** What a look at the account's password showed. */
export interface Look {
  readonly at: number;
  /** Undefined when it does not end, or nobody says. */
  readonly passwordExpires?: number | undefined;
}

/**
 * What is remembered of the accounts that directories are read with: refused passwords, so that an hourly job does not lock an
 * account out, and when their ends were last asked for. A file of its own, so that a person can remove it. Of a password it holds
 * nothing but a salted scrypt hash.
 */
export class AccountMemory {
  readonly path: string;
  #contents: Contents;

  /** Reads what is there; a file that can't be read is as good as none. */
  constructor(stateDir: string) {
    this.path = join(stateDir, 'accounts.json');
    this.#contents = read(this.path);
  }

  /** That this password was refused, if no more than 24 hours ago. */
  refusal(bindDn: string, password: string, now: number): Refusal | undefined {
    return this.#contents.refusals.find(
      (each) =>
        each.bindDn === bindDn &&
        isWithin(each.at, REFUSAL_STANDS, now) &&
        timingSafeEqual(hashOf(password, each.salt), Buffer.from(each.hash, 'hex')),
    );
  }

  refuse(refusal: Refusal, password: string): void {
    const salt = randomBytes(16).toString('hex');
    const { directory, bindDn, url, at } = refusal;
    const others = this.#contents.refusals.filter((each) => each.bindDn !== bindDn);
    const hash = hashOf(password, salt).toString('hex');
    this.#contents.refusals = [...others, { directory, bindDn, url, at, salt, hash }];
  }

  /** The last look, if no longer ago than `within` milliseconds. */
  look(directory: string, within: number, now: number): Look | undefined {
    const look = Object.hasOwn(this.#contents.looks, directory) ? this.#contents.looks[directory] : undefined;
    return look !== undefined && isWithin(look.at, within, now) ? look : undefined;
  }

  looked(directory: string, look: Look): void {
    this.#contents.looks[directory] = { ...look };
  }

  /** @throws the system's error */
  save(now: number): void {
    const refusals = this.#contents.refusals.filter(({ at }) => isWithin(at, REFUSAL_STANDS, now));
    const temporary = `${this.path}.new`;
    try {
      const text = `${JSON.stringify({ ...this.#contents, refusals }, undefined, 2)}\n`;
      writeFileSync(temporary, text, { mode: 0o600 });
      renameSync(temporary, this.path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }
}

function read(path: string): Contents {
  try {
    const result = fileSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    if (result.success) return result.data;
  } catch {
    // As if it were not there.
  }
  return { refusals: [], looks: {} };
}

/** A time to come is from a clock that was wrong. */
function isWithin(at: number, milliseconds: number, now: number): boolean {
  return at <= now && now - at < milliseconds;
}

function hashOf(password: string, salt: string): Buffer {
  return scryptSync(password, Buffer.from(salt, 'hex'), 32);
}
