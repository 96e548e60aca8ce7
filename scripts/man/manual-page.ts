import type { Argument, Command, Option } from 'commander';

/** A command's page in mdoc(7), from what it says with --help. @param related further pages of section 8 */
export function manualPage(command: Command, name: string, date: string, related: readonly string[]): string {
  const { text, status } = helpText(command);
  const lines = [
    `.Dd ${date}`,
    `.Dt ${name.toUpperCase()} 8`,
    '.Os',
    '.Sh NAME',
    `.Nm ${name}`,
    `.Nd ${escaped(command.description().replace(/\.$/, ''))}`,
    '.Sh SYNOPSIS',
    ...(command.commands.length > 0
      ? command.commands.flatMap((each) => synopsis(each, `${spoken(command)} ${each.name()}`))
      : synopsis(command, spoken(command))),
    '.Sh DESCRIPTION',
    `${escaped(capitalised(command.description()))}`,
    ...paragraphs(text),
    ...options(command),
  ];
  if (command.commands.length > 0) {
    lines.push('.Sh COMMANDS');
    for (const each of command.commands) {
      lines.push(`.Ss ${escaped(spoken(each))}`, escaped(capitalised(each.description())));
      if (command.parent !== null) lines.push(...paragraphs(helpText(each).text), ...options(each));
    }
  }
  lines.push(
    '.Sh FILES',
    '.Bl -tag -width Ds',
    '.It Pa /etc/mailhub-tables.toml',
    'The configuration, where no other is named with',
    '.Fl c .',
    '.El',
    '.Sh EXIT STATUS',
    escaped(status ?? 'The statuses of all commands are described in'),
    ...(status === undefined ? ['.Xr mailhub-tables 8 .'] : []),
    '.Sh SEE ALSO',
    ...[...related].sort().map((page, i, all) => `.Xr ${page} 8${i < all.length - 1 ? ' ,' : ''}`),
  );
  return `${lines.join('\n')}\n`;
}

function synopsis(command: Command, name: string): string[] {
  const flags = command.options.filter(({ hidden }) => !hidden);
  return [
    `.Nm ${escaped(name)}`,
    ...flags.map((option) => (option.mandatory ? macros(option) : `.Op ${macros(option).slice(1)}`)),
    ...command.registeredArguments.map(argument),
  ];
}

function argument(each: Argument): string {
  const shown = `Ar ${each.name()}${each.variadic ? ' ...' : ''}`;
  return each.required ? `.${shown}` : `.Op ${shown}`;
}

/** `.Fl c Ar file` of `-c, --config <file>`. */
function macros({ short, long, flags }: Option): string {
  const value = /<([^>]+)>/.exec(flags)?.[1];
  const flag = short?.replace(/^-/, '') ?? long?.replace(/^-/, '').replaceAll('-', '\\-') ?? '';
  return `.Fl ${flag}${value === undefined ? '' : ` Ar ${value}`}`;
}

function options(command: Command): string[] {
  const described = command.registeredArguments.filter(({ description }) => description !== '');
  const flags = command.options.filter(({ hidden }) => !hidden);
  if (described.length + flags.length === 0) return [];
  return [
    '.Bl -tag -width Ds',
    ...described.flatMap((each) => [`.It Ar ${each.name()}`, escaped(capitalised(each.description))]),
    ...flags.flatMap((option) => [
      `.It ${flagNames(option)}`,
      escaped(capitalised(`${option.description}${choices(option)}`)),
    ]),
    '.El',
  ];
}

function flagNames({ short, long, flags }: Option): string {
  const value = /<([^>]+)>/.exec(flags)?.[1];
  const names = [short, long].flatMap((name) =>
    name === undefined ? [] : [`Fl ${name.slice(1).replaceAll('-', '\\-')}`],
  );
  return `${names.join(' , ')}${value === undefined ? '' : ` Ar ${value}`}`;
}

function choices({ argChoices, defaultValue }: Option): string {
  const one = argChoices === undefined ? '' : `; one of ${argChoices.join(', ')}`;
  return `${one}${defaultValue === undefined ? '' : `; by default ${String(defaultValue)}`}`;
}

/** What --help prints behind the options, and the part of it that is about the exit status. */
function helpText(command: Command): { text: string; status: string | undefined } {
  let whole = '';
  command.configureOutput({
    writeOut: (more) => {
      whole += more;
    },
  });
  command.outputHelp();
  const text = whole.slice(command.helpInformation().length);
  const at = text.indexOf('Exit status:');
  if (at < 0) return { text, status: undefined };
  return {
    text: text.slice(0, at),
    status: text
      .slice(at + 'Exit status:'.length)
      .trim()
      .replace(/\s+/g, ' '),
  };
}

/** A blank line begins a paragraph; the lines of one run together. */
function paragraphs(text: string): string[] {
  return text
    .trim()
    .split(/\n\s*\n/)
    .filter((part) => part.trim() !== '')
    .flatMap((part) => ['.Pp', ...sentences(part).map(escaped)]);
}

/** Each on a line of its own, as troff wants them. */
function sentences(text: string): string[] {
  return text
    .trim()
    .replace(/\s+/g, ' ')
    .split(/(?<=[a-z)][.!?]) (?=[A-Z])/);
}

function spoken(command: Command): string {
  const names: string[] = [];
  for (let each: Command | null = command; each !== null; each = each.parent) names.unshift(each.name());
  return names.join(' ');
}

function capitalised(text: string): string {
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** Text as troff prints it: nothing in it is a request or an escape. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replace(/^([.'])/, '\\&$1')
    .replace(
      /(^|\s)(-+)(?=\w)/g,
      (_, before: string, dashes: string) => before + dashes.replaceAll('-', '\\-'),
    );
}
