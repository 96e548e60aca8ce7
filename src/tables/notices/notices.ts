import { printableText } from '../../config/printable.ts';
import type { Subject } from '../../state/notice-memory.ts';
import type { BuildReport, TableReport } from '../report.ts';

/** In milliseconds. */
const REMIND_AFTER = 24 * 60 * 60 * 1000;

/** What somebody is to be told. */
export interface Notice {
  /** `trouble`: something is new; `reminder`: it still is; `well`: all of it is over. */
  readonly kind: 'trouble' | 'reminder' | 'well';
  /** For a subject line: names of tables and directories only, nothing that came from one of these. */
  readonly title: string;
  readonly lines: readonly string[];
}

/** One thing that a run has seen. */
interface Seen {
  readonly name: string;
  readonly key: string;
  /** Told at the first of so many runs in a row. */
  readonly after: number;
  readonly title: string;
  readonly lines: readonly string[];
}

/**
 * What is to be told of a run, and what is to be remembered of that. A thing is told once, when it is new or another, and
 * again each day as long as it lasts; when the last of those that were told is over, that is told too.
 *
 * @param after runs in a row that a source has to fail in
 * @param command how a reader calls this program, with the configuration
 */
export function noticesOf(
  report: BuildReport,
  known: readonly Subject[],
  after: number,
  command: (words: string) => string,
  now: Date,
): { readonly notice: Notice | undefined; readonly subjects: readonly Subject[] } {
  const seen = [...tables(report, after, command), ...directories(report, after), ...ownTrouble(report)];
  const left = known.filter(({ name }) => !isSettled(name, report, seen));
  const subjects = new Map(left.map((subject) => [subject.name, subject]));
  const fresh: Seen[] = [];
  const again: Seen[] = [];
  for (const each of seen) {
    const before = subjects.get(each.name);
    const same = before?.key === each.key ? before : undefined;
    const runs = (same?.runs ?? 0) + 1;
    const due =
      same?.told === undefined ? runs >= each.after : now.getTime() - same.told.getTime() >= REMIND_AFTER;
    if (due) (same?.told === undefined ? fresh : again).push(each);
    const told = due ? now : same?.told;
    subjects.set(each.name, { name: each.name, key: each.key, runs, since: same?.since ?? now, told });
  }
  return { notice: noticeOf(fresh, again, known, [...subjects.values()]), subjects: [...subjects.values()] };
}

/** What a run of some tables did not look at is as it was. */
function isSettled(name: string, { tables, directories }: BuildReport, seen: readonly Seen[]): boolean {
  if (seen.some((each) => each.name === name)) return false;
  const [kind, subject] = name.split(' ');
  if (kind === 'directory') return directories.some((each) => each.name === subject);
  return kind === 'state' || tables.some((each) => each.name === subject);
}

function noticeOf(
  fresh: readonly Seen[],
  again: readonly Seen[],
  known: readonly Subject[],
  subjects: readonly Subject[],
): Notice | undefined {
  const told = [...fresh, ...again];
  const [first] = told;
  if (first !== undefined) {
    return {
      kind: fresh.length > 0 ? 'trouble' : 'reminder',
      title: told.length === 1 ? first.title : `${told.length} things need somebody: ${first.title}, ...`,
      lines: told.flatMap(({ lines }, i) => (i === 0 ? lines : ['', ...lines])).map(printableText),
    };
  }
  const over = known.filter((subject) => subject.told !== undefined);
  if (over.length === 0 || subjects.some((subject) => subject.told !== undefined)) return undefined;
  const names = over.map(({ name }) => name).join(', ');
  return { kind: 'well', title: 'all is well again', lines: [`All is well again; this is over: ${names}.`] };
}

function tables(
  { tables, directories }: BuildReport,
  after: number,
  command: (words: string) => string,
): Seen[] {
  const down = directories
    .filter(({ failure }) => failure !== undefined)
    .map(({ name }) => `directory ${name}:`);
  return tables.flatMap((table): Seen[] => {
    const { name, failure, outcome, pin } = table;
    if (outcome === 'pinned' && pin?.by === 'canary') {
      const lines = [`${name} is pinned since a canary failed:`, `    ${pin.why}`, 'When that is mended:'];
      const next = `    ${command(`unpin ${name}`)}`;
      return [
        {
          name: `failed ${name}`,
          key: 'machine',
          after: 1,
          title: `${name} is pinned`,
          lines: [...lines, next],
        },
      ];
    }
    if (outcome === 'held' && table.hold?.rejection === undefined) return [held(table, command)];
    if (failure === undefined || down.some((directory) => failure.message.includes(directory))) return [];
    const own = failure.cause === 'machine';
    return [
      {
        name: `failed ${name}`,
        key: failure.cause,
        after: own ? 1 : after,
        title: own ? `${name} failed` : `${name} has a source that fails`,
        lines: [`${name} failed; what is published stays as it was:`, `    ${failure.message}`],
      },
    ];
  });
}

function held(table: TableReport, command: (words: string) => string): Seen {
  const { name, findings, hold, before, after, added, removed, changed } = table;
  const messages = findings.map(({ message }) => message);
  return {
    name: `held ${name}`,
    key: hold?.firstSeen.toISOString() ?? messages.join('\n'),
    after: 1,
    title: `${name} is held`,
    lines: [
      `${name} is held; what is published stays as it was:`,
      ...messages.map((message) => `    ${message}`),
      `    ${before ?? 0} -> ${after ?? 0} entries, ${added} added, ${removed} removed, ${changed} changed`,
      'What would change, and the command that publishes it:',
      `    ${command(`review ${name}`)}`,
    ],
  };
}

function directories({ directories }: BuildReport, after: number): Seen[] {
  return directories.flatMap(({ name, failure }): Seen[] =>
    failure === undefined
      ? []
      : [
          {
            name: `directory ${name}`,
            key: 'failed',
            after,
            title: `directory ${name} fails`,
            lines: [`directory ${name} fails; its tables stay as they were:`, `    ${failure}`],
          },
        ],
  );
}

function ownTrouble({ stateTrouble }: BuildReport): Seen[] {
  if (stateTrouble === undefined) return [];
  const lines = ['Nothing of the run is remembered:', `    ${stateTrouble}`];
  return [{ name: 'state', key: 'trouble', after: 1, title: 'the state can not be written', lines }];
}
