import { printableText } from '../config/printable.ts';
import { configFlag } from '../tables/notices/config-flag.ts';
import type { Review, ReviewEntry } from '../tables/questions/review.ts';
import { columns } from './columns.ts';
import type { Style } from './style.ts';
import { ageText, whenText } from './when.ts';

/** How many groups, and how many entries, are shown; the rest is counted. */
const GROUPS = 12;
const EXAMPLES = 3;
const SAMPLE = 20;

/** Digits of a digest that are shown: far more than tell two candidates apart. */
const DIGITS = 16;

/** What is held of a table, for a person who has a minute, ending with the commands that settle it. */
export function reviewText(review: Review, configFile: string, style: Style): string {
  const { table, before, after, added, removed, changed, findings, since, firstSeen, rejection } = review;
  const now = Date.now();
  const lines = [
    `${style.bold(table)}: ${style.red('held')} since ${whenText(since)} (${ageText(now - since.getTime())}); ` +
      `${before} entries are published, ${after} in the candidate`,
    `  ${removed} would go, ${changed} would change, ${added} would come` +
      (firstSeen > since ? `; in question since ${whenText(firstSeen)}` : ''),
  ];
  if (rejection !== undefined) {
    const { who, why } = rejection;
    lines.push(
      style.yellow(
        `  refused by ${printableText(who)} on ${whenText(rejection.since)}: ${printableText(why)}`,
      ),
    );
  }
  if (review.byHand) lines.push(`  the candidate is ${table}.dat itself, as somebody wrote it`);
  else lines.push(`  from ${review.sources.map(printableText).join(', ')}`);
  lines.push('', style.bold('why it is held'));
  for (const { message, examples = [] } of findings) {
    const such =
      examples.length === 0 ? '' : style.dim(`, such as ${examples.slice(0, EXAMPLES).join(', ')}`);
    lines.push(`  ${message}${such}`);
  }
  lines.push(...groupLines('what happened', review.happened, style));
  lines.push(...domainLines(review, style));
  lines.push(...groupLines('organisational units of what would go', review.units, style));
  lines.push(...sampleLines(review, style));
  lines.push('', ...commandLines(review, configFile, style));
  return `${lines.join('\n')}\n`;
}

function groupLines(title: string, groups: Review['units'], style: Style): string[] {
  if (groups.length === 0) return [];
  const rows = groups.slice(0, GROUPS).map(({ label, count }) => [String(count), printableText(label)]);
  return ['', style.bold(title), ...indented(rows), ...furtherLine(groups.length)];
}

function domainLines({ domains }: Review, style: Style): string[] {
  if (domains.length === 0) return [];
  const rows = domains.slice(0, GROUPS).map(({ domain, before, removed, added }) => {
    const gone = removed > 0 && removed === before && added === 0;
    const counts = [
      ...(removed > 0 ? [`${removed} of ${before} go`] : []),
      ...(added > 0 ? [`${added} come`] : []),
    ];
    return [counts.join(', '), printableText(domain), gone ? style.red('all of it') : ''];
  });
  return ['', style.bold('domains'), ...indented(rows), ...furtherLine(domains.length)];
}

function sampleLines(review: Review, style: Style): string[] {
  const total = review.removed + review.changed + review.added;
  if (total === 0) return [];
  const picked = sample(review);
  // What happened to all of them alike has been said above.
  const alike = review.happened.length === 1;
  const rows = picked.map(({ change, key, from, to, what, origin }) => [
    { removed: style.red('-'), added: style.green('+'), changed: style.yellow('~') }[change],
    key,
    change === 'changed' ? `${from} -> ${to}` : `${from ?? to}`,
    ...(alike ? [] : [what]),
    origin === undefined ? '' : style.dim(printableText(origin.dn)),
  ]);
  const title = picked.length < total ? `${picked.length} of ${total} entries` : 'entries';
  return ['', style.bold(title), ...indented(rows, new Set())];
}

/** Some of each kind, evenly from the whole list, the more the rarer a kind is among them. */
function sample(review: Review): ReviewEntry[] {
  const counts = { removed: review.removed, changed: review.changed, added: review.added };
  const shares = { removed: 0, changed: 0, added: 0 };
  for (let left = SAMPLE, moved = true; left > 0 && moved; ) {
    moved = false;
    for (const change of ['removed', 'changed', 'added'] as const) {
      if (left === 0 || shares[change] === counts[change]) continue;
      shares[change]++;
      left--;
      moved = true;
    }
  }
  const seen = { removed: 0, changed: 0, added: 0 };
  const picked: ReviewEntry[] = [];
  for (const entry of review.entries()) {
    const { change } = entry;
    const n = seen[change]++;
    const before = Math.floor((n * shares[change]) / counts[change]);
    if (Math.floor(((n + 1) * shares[change]) / counts[change]) > before) picked.push(entry);
  }
  return picked;
}

function commandLines(review: Review, configFile: string, style: Style): string[] {
  const { table, digest, outdated, added, removed, changed, findings } = review;
  const config = configFlag(configFile);
  const command = (text: string): string => style.bold(`  mailhub-tables ${text}${config}`);
  if (outdated !== undefined) return [style.yellow(outdated)];
  const refuse = [
    'to refuse just this, without a word in the hours to come',
    command(`reject ${table} --reason TEXT`),
  ];
  if (added + removed + changed === 0) {
    return ['nothing would change: have the source refreshed, or', ...refuse];
  }
  if (findings.some(({ rule }) => rule === 'empty')) {
    const flags = findings.length === 1 ? '--allow-empty' : '--force --allow-empty';
    return ['to publish an empty table', command(`build ${flags} ${table}`)];
  }
  const source = review.byHand ? `${table}.dat is` : 'its sources are';
  return [
    `left alone, it stays held; when ${source} mended, the next run publishes by itself`,
    ...refuse,
    'to publish exactly this',
    command(`approve ${table} --digest ${digest.slice(0, DIGITS)}`),
  ];
}

function indented(rows: readonly (readonly string[])[], right: ReadonlySet<number> = new Set([0])): string[] {
  return columns(rows, right).map((line) => `  ${line}`);
}

function furtherLine(count: number): string[] {
  return count > GROUPS ? [`  and ${count - GROUPS} more; --json and --csv have all`] : [];
}
