import type { Command } from 'commander';

/** Completes commands, their options and, for options that take them, files. */
export function bashCompletion(program: Command): string {
  const cases: string[] = [];
  const walk = (command: Command, path: string): void => {
    const flags = command.options.flatMap(({ long }) => (long === undefined ? [] : [long]));
    const words = [...command.commands.map((each) => each.name()), ...flags, '--help'];
    cases.push(`    '${path}') words='${words.join(' ')}' ;;`);
    for (const each of command.commands) walk(each, `${path} ${each.name()}`.trim());
  };
  walk(program, '');
  return `# bash completion of mailhub-tables; built from its commands
_mailhub_tables() {
  local words path='' word
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in
      -*) ;;
      *) case "$path" in ''|dbm|override) path="\${path:+$path }$word" ;; esac ;;
    esac
  done
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
    -c|--config|--csv) compopt -o default; return ;;
  esac
  case "$path" in
${cases.join('\n')}
    *) words='' ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _mailhub_tables mailhub-tables
`;
}
