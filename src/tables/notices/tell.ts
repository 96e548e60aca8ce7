import { spawn } from 'node:child_process';
import { hostname } from 'node:os';
import type { Config, NotifyConfig } from '../../config/config.ts';
import { NoticeMemory } from '../../state/notice-memory.ts';
import type { BuildReport } from '../report.ts';
import { configFlag } from './config-flag.ts';
import { mailOf } from './mail.ts';
import { type Notice, noticesOf } from './notices.ts';

/** In milliseconds. */
const MOST_TIME = 30_000;

/**
 * Tells somebody of a run, if there is something to tell, by mail and by command, as the configuration has it. Nobody is taken
 * for told when a way fails: the next run tries again.
 *
 * @returns what went wrong with telling
 */
export async function tellOf(config: Config, report: BuildReport): Promise<string[]> {
  const { notify } = config;
  if (notify === undefined) return [];
  const memory = new NoticeMemory(config.stateDir);
  const command = (words: string): string => `mailhub-tables ${words}${configFlag(config.file)}`;
  const { notice, subjects } = noticesOf(report, memory.read(), notify.after, command, new Date());
  const troubles: string[] = [];
  if (notice !== undefined) troubles.push(...(await tell(notify, notice, report)));
  if (troubles.length > 0) return troubles;
  try {
    memory.write(subjects);
  } catch (error) {
    troubles.push(
      `what somebody was told can't be remembered: ${error instanceof Error ? error.message : error}`,
    );
  }
  return troubles;
}

async function tell(notify: NotifyConfig, notice: Notice, report: BuildReport): Promise<string[]> {
  const host = hostname().replace(/[^A-Za-z0-9.-]/g, '-') || 'localhost';
  const ways: Promise<void>[] = [];
  const { mail, from, sendmail, command } = notify;
  if (mail.length > 0) {
    const sender = from ?? mail[0];
    const subject = `mailhub-tables on ${host}: ${notice.title}`;
    const message = mailOf(
      { from: sender, to: mail, subject, host, date: new Date() },
      `${notice.lines.join('\n')}\n`,
    );
    ways.push(run(sendmail, ['-i', '-f', sender, '--', ...mail], message));
  }
  const [program, ...args] = command;
  if (program !== undefined) {
    const { warnings, stateTrouble } = report;
    const tables = report.tables.map(
      ({ name, outcome, before, after, added, removed, changed, findings, failure }) => {
        return { name, outcome, before, after, added, removed, changed, findings, failure };
      },
    );
    const document = { host, ...notice, tables, warnings, stateTrouble };
    ways.push(run(program, args, Buffer.from(`${JSON.stringify(document)}\n`)));
  }
  const results = await Promise.allSettled(ways);
  return results.flatMap((result) => {
    if (result.status === 'fulfilled') return [];
    const reason: unknown = result.reason;
    return [`nobody could be told: ${reason instanceof Error ? reason.message : String(reason)}`];
  });
}

/** Runs a program without a shell and gives it its input. @throws Error when it can't be run or ends with another status than 0 */
function run(program: string, args: readonly string[], input: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'], timeout: MOST_TIME });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(0, 1000);
    });
    child.stdin.on('error', () => {}); // It left without reading: its status tells.
    child.on('error', (error) => reject(new Error(`${program}: ${error.message}`)));
    child.on('close', (status, signal) => {
      if (status === 0) resolve();
      else
        reject(
          new Error(`${program} ended with ${status === null ? signal : `status ${status}`}: ${said.trim()}`),
        );
    });
    child.stdin.end(input);
  });
}
