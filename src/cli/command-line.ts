import { Command, InvalidArgumentError, Option } from 'commander';
import { version } from '../config/version.ts';
import type { FormatName } from '../dbm/format.ts';
import type {
  ApproveFlags,
  BenchFlags,
  BuildFlags,
  CheckFlags,
  CommonFlags,
  DecisionFlags,
  ExplainFlags,
  HistoryFlags,
  LookupFlags,
  OverrideFlags,
  RejectFlags,
  ReviewFlags,
  RollbackFlags,
} from './flags.ts';
import { load } from './load.ts';

/** The command line. Each command's code is loaded when it runs: an hourly start pays for nothing else. */
export function createProgram(end: End): Command {
  const program = new Command('mailhub-tables')
    .description(
      'Builds the routing tables of an Exim mailhub from a directory and files, and never publishes a wrong one.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'say what a command does and takes')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(`mailhub-tables: ${text.replace(/^error: /, '')}`),
    })
    .showHelpAfterError('mailhub-tables COMMAND --help says what a command takes')
    .addHelpText(
      'after',
      `
Exit status: 0 all is well, 1 an error of the program or the machine, 2 not found, 3 a table is held,
4 a source failed, 5 another run is at work, 64 wrong usage, 78 the configuration is wrong.`,
    );

  addHour(program, end);
  addReview(program, end);
  addQuestions(program, end);
  addRollback(program, end);
  addOverride(program, end);
  addBench(program, end);
  addDbm(program, end);
  return program;
}

/** Ends the program with the exit status of a command. */
type End = (status: number) => void;

function addHour(program: Command, end: End): void {
  command(program, 'build', 'read the sources, and publish each table that changed and passes the guard')
    .argument('[table...]', 'only these tables')
    .option('-n, --dry-run', 'say what would be published, entry by entry with --json, and write nothing')
    .option('--force', 'publish past the guard; never past a failed source or an empty table')
    .option('--allow-empty', 'let an empty table be published')
    .option('--full', 'ask the directories for everything, not only for what changed; at any hour')
    .option('--json', 'print one JSON document')
    .action(async (tables: string[], options: BuildFlags) => {
      end(await (await load('build')).buildCommand(tables, options));
    });

  command(
    program,
    'lookup',
    'look addresses up in the published dbm files, in the order of the configuration',
  )
    .argument('[address...]', 'what to look up; without any, one a line from standard input')
    .option('--value', 'the arguments are values: print the keys that have them')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
The answer is what the tables hold. A router of Exim may do more: look up parts of an address (partial
lookups), or take prefixes and suffixes off the local part; \`exim -bt ADDRESS\` shows that.
Exit status: 0 everything was found, 2 something was not.`,
    )
    .action(async (addresses: string[], options: LookupFlags) => {
      end(await (await load('lookup')).lookupCommand(addresses, options));
    });

  command(
    program,
    'check',
    "test the configuration, the directories, the rights, the tables' files and Exim's dbm library",
  )
    .option('--json', 'print one JSON document')
    .action(async (options: CheckFlags) => {
      end(await (await load('check')).checkCommand(options));
    });
}

function addReview(program: Command, end: End): void {
  command(program, 'review', 'show what is held, why, and what would change')
    .argument('[table...]', 'only these tables')
    .option('--csv <file>', 'write every entry that differs as CSV; - for standard output')
    .option('--json', 'print one JSON document, with every entry that differs')
    .addHelpText(
      'after',
      `
Ends with the command that publishes just what is shown. On a terminal it is coloured (not with NO_COLOR) and goes
through $PAGER, or less. In the CSV a cell that a spreadsheet would take for a formula has an apostrophe in front.
Needs neither the lock nor a directory. Exit status: 0 nothing is held, 3 something is.`,
    )
    .action(async (tables: string[], options: ReviewFlags) => {
      end(await (await load('review')).reviewCommand(tables, options));
    });

  command(program, 'approve', 'publish just the candidate that was reviewed')
    .argument('<table...>', 'those named together go together, each with a digest')
    .option('-d, --digest <hex...>', 'what was reviewed, as review shows it: at least 12 digits')
    .option('-i, --interactive', 'show what is held, and ask')
    .option('-r, --reason <text>', 'why, for the history')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Publishes that candidate byte for byte, even if a newer one is held by now: the next run judges the newer one against
what was approved, and the guard is as strict as before. It is refused where something else is published than when the
candidate was reviewed. Exit status: 0 published, 3 refused, and still held.`,
    )
    .action(async (tables: string[], options: ApproveFlags) => {
      end(await (await load('approve')).approveCommand(tables, options));
    });

  command(program, 'reject', 'refuse what a held candidate would take away')
    .argument('<table>')
    .requiredOption('-r, --reason <text>', 'why, for whoever asks later')
    .option('-d, --digest <hex>', 'what was reviewed; without it, the latest candidate')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
The table stays held, build says so on standard output only, and nobody is told again until something else is in
question. What was refused does not go by itself later: while any of it would, the table is held.`,
    )
    .action(async (table: string, options: RejectFlags) => {
      end(await (await load('reject')).rejectCommand(table, options));
    });
}

function addQuestions(program: Command, end: End): void {
  command(
    program,
    'explain',
    'say where an address is, from which object and since when; or when it went, and why',
  )
    .argument('<address>')
    .option('--offline', 'ask no directory about an address that is in no table')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExit status: 0 it is in a table, 2 it is in none.')
    .action(async (address: string, options: ExplainFlags) => {
      end(await (await load('explain')).explainCommand(address, options));
    });

  command(program, 'status', 'show on one screen how every table stands')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Needs neither the lock nor a directory, and works without any state. The columns: entries that Exim finds, age of
the file that it reads, the last run that changed it with what came (+), went (-) and changed (~).`,
    )
    .action(async (options: CommonFlags) => {
      end(await (await load('status')).statusCommand(options));
    });

  command(program, 'history', 'list the runs that did something, the latest first')
    .argument('[table]', 'only what became of this table')
    .addOption(new Option('-n, --limit <number>', 'how many runs').default(20).argParser(wholeNumber))
    .option('--all', 'also runs in which nothing changed')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
A table that stays held, pinned or failed for the same reason is listed once.`,
    )
    .action(async (table: string | undefined, options: HistoryFlags) => {
      end(await (await load('history')).historyCommand(table, options));
    });
}

function addRollback(program: Command, end: End): void {
  command(
    program,
    'rollback',
    'publish what tables were before, and pin them so that the next run does not undo it',
  )
    .argument('<table...>', 'those named together go together')
    .option(
      '--to <run>',
      'as it was after this run of the history, or at a time; without it, what it was before',
    )
    .addOption(reason())
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Earlier generations are kept below state_dir, as many as generations in the configuration says. What a table is
rolled back to needs no approval and is compared with what was kept. The table stays as it then is, whatever its
sources say, until mailhub-tables unpin TABLE.`,
    )
    .action(async (tables: string[], options: RollbackFlags) => {
      end(await (await load('rollback')).rollbackCommand(tables, options));
    });

  command(program, 'pin', 'freeze tables as they are published now; runs only show what they would change')
    .argument('<table...>')
    .addOption(reason())
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Neither build --force nor approve replaces a pinned table. It is reported as pinned and leaves the exit status
of build at 0; an address that would move out of another table into it makes that one wait, as if it were held.`,
    )
    .action(async (tables: string[], options: DecisionFlags) => {
      end(await (await load('pin')).pinCommand(tables, options));
    });

  command(program, 'unpin', 'let pinned tables go on with the next run')
    .argument('<table...>')
    .addOption(reason())
    .option('--json', 'print one JSON document')
    .action(async (tables: string[], options: DecisionFlags) => {
      end(await (await load('pin')).unpinCommand(tables, options));
    });
}

function addOverride(program: Command, end: End): void {
  const override = program
    .command('override')
    .description('route single addresses by hand, or keep them out, at once and in every later run')
    .helpCommand(false);
  const why = (): Option => reason().makeOptionMandatory();
  const expires = (): Option =>
    new Option(
      '-e, --expires <when>',
      'when it is taken back by itself: 2026-12-24, 2026-12-24T18:00, "7 days", "12 hours"',
    ).argParser(momentAhead);
  const told = `
It is published at once by the usual way, in a pinned or held table too, and no guard is asked. build says when the
sources have caught up with it. What is kept by hand has no overrides: edit its .dat.`;
  command(override, 'add', 'give an address a value, whatever the sources say')
    .argument('<table>')
    .argument('<address>')
    .argument('<value>')
    .addOption(why())
    .addOption(expires())
    .option('--json', 'print one JSON document')
    .addHelpText('after', told)
    .action(async (table: string, address: string, value: string, options: OverrideFlags) => {
      end(await (await load('override')).overrideCommand(table, address, value, options));
    });
  command(override, 'suppress', 'keep an address out of a table, whatever the sources say')
    .argument('<table>')
    .argument('<address>')
    .addOption(why())
    .addOption(expires())
    .option('--json', 'print one JSON document')
    .addHelpText('after', told)
    .action(async (table: string, address: string, options: OverrideFlags) => {
      end(await (await load('override')).overrideCommand(table, address, undefined, options));
    });
  command(
    override,
    'remove',
    'publish again what an override replaced; the next run takes what the sources say',
  )
    .argument('<table>')
    .argument('<address>')
    .addOption(reason())
    .option('--json', 'print one JSON document')
    .action(async (table: string, address: string, options: DecisionFlags) => {
      end(await (await load('override')).removeOverrideCommand(table, address, options));
    });
  command(override, 'list', 'list the overrides, with who made them, when, and why')
    .option('--json', 'print one JSON document')
    .action(async (options: CommonFlags) => {
      end(await (await load('override')).listOverridesCommand(options));
    });
}

function addBench(program: Command, end: End): void {
  program
    .command('bench')
    .description('measure where the time of an hour goes, on a fixture directory')
    .argument('<fixture_dir>', 'what fixtures/campus/generate.ts writes')
    .addOption(
      new Option('-r, --runs <number>', 'how often each hour is measured')
        .default(5)
        .argParser(positiveNumber),
    )
    .option('--url <url>', 'a server that has the directory already; without it, one is started on loopback')
    .option('--keep <file>', 'write the result there, as JSON')
    .option('--compare <file>', 'show what was kept there beside it, and the ratio')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Each hour is a whole build in a process of its own, on a hub in a temporary folder: the first hour finds nothing
published, the unchanged one finds everything as it is.`,
    )
    .action(async (fixture: string, options: BenchFlags) => {
      end(await (await load('bench')).benchCommand(fixture, options));
    });
}

function addDbm(program: Command, end: End): void {
  const dbm = program
    .command('dbm')
    .description('build, dump, look into and verify single table files, of any format')
    .helpCommand(false);
  dbm
    .command('build')
    .description('build a table file from a .dat in the syntax of exim_dbmbuild')
    .argument('<file>', 'the table file to write')
    .argument('[source]', 'the .dat; - or nothing for standard input', '-')
    .addOption(
      new Option('-f, --format <format>', 'what to write')
        .choices(['bdb', 'cdb', 'gdbm', 'lmdb', 'sqlite', 'tdb'])
        .default('bdb'),
    )
    .action(async (file: string, source: string, { format }: { format: FormatName }) => {
      end(await (await load('dbm')).buildTableFile(file, source, format));
    });
  dbm
    .command('dump')
    .description(
      'print the .dat that builds the same table again; entries that no line builds are named on stderr',
    )
    .argument('<file>')
    .action(async (file: string) => {
      end((await load('dbm')).dumpTableFile(file));
    });
  dbm
    .command('get')
    .description('print the values of keys, looked up as they are given')
    .argument('<file>')
    .argument('<key...>')
    .addHelpText('after', '\nExit status: 0 every key was found, 2 one was not.')
    .action(async (file: string, keys: string[]) => {
      end((await load('dbm')).getFromTableFile(file, keys));
    });
  dbm
    .command('verify')
    .description('check the structure of a table file, and name the first fault with its offset')
    .argument('<file>')
    .addHelpText('after', "\nExit status: 0 it is sound, 1 it is not, or can't be read.")
    .action(async (file: string) => {
      end((await load('dbm')).verifyTableFile(file));
    });
}

function command(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .addOption(new Option('-c, --config <file>', 'the configuration').default('/etc/mailhub-tables.toml'));
}

function reason(): Option {
  return new Option('-r, --reason <text>', 'why, for the history and for whoever looks at status');
}

function positiveNumber(text: string): number {
  const number = wholeNumber(text);
  if (number === 0) throw new InvalidArgumentError('It is 1 or more.');
  return number;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It is a whole number.');
  return Number(text);
}

function momentAhead(text: string): Date {
  const [, count, unit] = /^(\d{1,4}) ?(hours?|days?|weeks?)$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) {
    const hours = unit.startsWith('h') ? 1 : unit.startsWith('d') ? 24 : 24 * 7;
    return new Date(Date.now() + Number(count) * hours * 3_600_000);
  }
  // A day by itself ends at its end, in this machine's time zone.
  const moment = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T23:59:59` : text);
  if (!/^\d{4}-/.test(text) || Number.isNaN(moment.getTime())) {
    throw new InvalidArgumentError('Write a day such as 2026-12-24, or a time such as "7 days".');
  }
  return moment;
}
