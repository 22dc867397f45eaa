import type { DescribedCommand, DescribedFlag, Value } from "../command-line.ts";
import { SOURCES, NETWORK, type Completed } from "./completed.ts";

/** A script for bash 4 or newer, which needs nothing but bash. */
export const bashCompletion = ({ commands, rules }: Completed): string => `\
# bash completion for mvdoctor, written by: mvdoctor completion bash

# Names of VMs, from the evidence that the line names; a host that has to be connected to is not asked.
_mvdoctor_vms() {
  local -a evidence=()
  local i word value
  for ((i = 2; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      ${flagPattern(NETWORK)}) return ;;
      ${flagPattern(SOURCES)})
        [[ \${COMP_WORDS[i + 1]} == = ]] && ((i++))
        ((i++))
        value=\${COMP_WORDS[i]}
        [[ $value == "~/"* ]] && value=$HOME/\${value:2}
        evidence+=("$word" "$value")
        ;;
    esac
  done
  "\${COMP_WORDS[0]/#\\~\\//$HOME/}" list --names "\${evidence[@]}" </dev/null 2>/dev/null
}

_mvdoctor_reply() {
  local IFS=$'\\n'
  mapfile -t COMPREPLY < <(compgen "$@" -- "$cur")
}

_mvdoctor() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]}
  local value= arguments= flags= name
  COMPREPLY=()
  # "=" is a word of its own.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  if ((COMP_CWORD == 1)); then
    _mvdoctor_reply -W ${lines([...commands.map(({ id }) => id), "help", "--help", "--version"])}
    return
  fi
  case \${COMP_WORDS[1]} in
${commands.map(commandCase).join("\n")}
    help) arguments=commands ;;
  esac
  if [[ -z $value && $cur == -* ]]; then
    _mvdoctor_reply -W "$flags"
    return
  fi
  value=\${value:-$arguments}
  case $value in
    words:*) _mvdoctor_reply -W "\${value#words:}" ;;
    list:*)
      local before=
      [[ $cur == *,* ]] && before=\${cur%,*},
      cur=\${cur##*,}
      _mvdoctor_reply -P "$before" -W "\${value#list:}"
      ;;
    vms)
      # Names are others' words, and compgen would expand them.
      while IFS= read -r name; do
        printf -v name %q "$name"
        [[ $name == "$cur"* ]] && COMPREPLY+=("$name")
      done < <(_mvdoctor_vms)
      ;;
    rules) _mvdoctor_reply -W ${lines(rules.map(({ id }) => id))} ;;
    commands) _mvdoctor_reply -W ${lines(commands.map(({ id }) => id))} ;;
    hosts) _mvdoctor_reply -A hostname ;;
    files)
      compopt -o filenames 2>/dev/null
      _mvdoctor_reply -f
      ;;
    directories)
      compopt -o filenames 2>/dev/null
      _mvdoctor_reply -d
      ;;
  esac
}

complete -F _mvdoctor mvdoctor
`;

const commandCase = ({ id, args, flags }: DescribedCommand): string => {
  const argument = args[0];
  const valued = flags.flatMap(({ value, ...flag }) =>
    value === undefined ? [] : [`        ${spelled([flag]).join(" | ")}) value=${word(value)} ;;`],
  );
  return [
    `    ${id})`,
    `      flags=${lines([...flags.map(({ name }) => `--${name}`), "--help"])}`,
    ...(argument === undefined ? [] : [`      arguments=${word(argument.value)}`]),
    ...(valued.length === 0 ? [] : ["      case $prev in", ...valued, "      esac"]),
    "      ;;",
  ].join("\n");
};

const word = (value: Value): string =>
  value.kind === "words" || value.kind === "list"
    ? `${value.kind}:${lines(value.words)}`
    : value.kind;

const spelled = (flags: readonly Pick<DescribedFlag, "name" | "char">[]): readonly string[] =>
  flags.flatMap(({ name, char }) => [...(char === undefined ? [] : [`-${char}`]), `--${name}`]);

const flagPattern = (flags: readonly Pick<DescribedFlag, "name" | "char">[]): string =>
  spelled(flags).join(" | ");

/** Words for compgen, which splits them where the caller's IFS says. */
const lines = (words: readonly string[]): string => `$'${words.join(String.raw`\n`)}'`;
