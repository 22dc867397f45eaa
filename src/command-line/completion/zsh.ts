import type { DescribedCommand, DescribedFlag, Value } from "../command-line.ts";
import { NETWORK, SOURCES, type Completed } from "./completed.ts";

/** A script for the completion system of zsh 5: a file `_mvdoctor` in a directory of `fpath`, or read by a running shell. */
export const zshCompletion = ({ commands, rules }: Completed): string =>
  [
    "#compdef mvdoctor",
    "# zsh completion for mvdoctor, written by: mvdoctor completion zsh",
    "",
    "# Names of VMs, from the evidence that the line names; a host that has to be connected to is not asked.",
    "_mvdoctor_vms() {",
    "  local -a evidence vms",
    "  local -i i=1",
    "  while (( i < CURRENT )); do",
    "    case ${words[i]} in",
    `      ${NETWORK.flatMap(spelled).join("|")}|--host=*|--journal-url=*) return 1 ;;`,
    `      ${SOURCES.map(({ name }) => `--${name}=*`).join("|")}) evidence+=("\${(Q)\${words[i]%%=*}}=\${~\${(Q)words[i]#*=}}") ;;`,
    `      ${SOURCES.flatMap(spelled).join("|")})`,
    "        (( i += 1 ))",
    '        evidence+=("${words[i-1]}" ${~${(Q)words[i]}})',
    "        ;;",
    "    esac",
    "    (( i += 1 ))",
    "  done",
    '  vms=(${(f)"$($_mvdoctor_program list --names $evidence 2>/dev/null </dev/null)"})',
    "  _wanted vms expl VM compadd -a vms",
    "}",
    "",
    "_mvdoctor_rules() {",
    "  local -a rules=(",
    ...rules.map(({ id, what }) => `    ${quoted(`${id}:${what}`)}`),
    "  )",
    "  _describe -t rules rule rules",
    "}",
    "",
    "_mvdoctor_commands() {",
    "  local -a commands=(",
    ...commands.map(({ id, summary }) => `    ${quoted(`${id}:${summary}`)}`),
    "    'help:show what a command takes'",
    "  )",
    "  _describe -t commands command commands",
    "}",
    "",
    "_mvdoctor() {",
    "  local curcontext=$curcontext expl state line _mvdoctor_program=$words[1]",
    "  _arguments -C '(- *)--help[show what there is]' '(- *)'{-V,--version}'[show the version]' \\",
    "    '1: :_mvdoctor_commands' '*:: :->arguments' && return",
    "  case $line[1] in",
    ...commands.flatMap(commandCase),
    "    help) _mvdoctor_commands ;;",
    "  esac",
    "}",
    "",
    'if [[ ${funcstack[1]} == _mvdoctor ]]; then _mvdoctor "$@"; else compdef _mvdoctor mvdoctor; fi',
    "",
  ].join("\n");

const commandCase = ({ id, args, flags }: DescribedCommand): readonly string[] => [
  `    ${id})`,
  "      _arguments -S \\",
  ...flags.map((flag) => `        ${flagSpec(flag, flags)} \\`),
  ...args.map(
    ({ name, multiple, value }) =>
      `        ${quoted(`${multiple ? "*" : ""}: :${action(value, name.toUpperCase())}`.replace(": :", `:${name.toUpperCase()}:`))} \\`,
  ),
  "        '(- *)'{-h,--help}'[show what it takes]'",
  "      ;;",
];

/** One flag as `_arguments` takes it: what it excludes, its spellings, what it is for, and its value. */
const flagSpec = (flag: DescribedFlag, all: readonly DescribedFlag[]): string => {
  const { name, char, summary, value, multiple, exclusive } = flag;
  const excluded = [
    ...(multiple ? [] : spelled(flag)),
    ...all.filter((other) => exclusive.includes(other.name)).flatMap(spelled),
  ];
  const before = `${excluded.length === 0 ? "" : `(${excluded.join(" ")})`}${multiple ? "*" : ""}`;
  const after = `[${summary.replaceAll(/[[\]\\]/gu, String.raw`\$&`)}]${value === undefined ? "" : `:${value.placeholder.replaceAll(":", String.raw`\:`)}:${action(value, value.placeholder)}`}`;
  const long = `--${name}${value === undefined ? "" : "="}`;
  if (char === undefined) return quoted(`${before}${long}${after}`);
  const short = `-${char}${value === undefined ? "" : "+"}`;
  return `${before === "" ? "" : quoted(before)}{${short},${long}}${quoted(after)}`;
};

const action = (value: Value, placeholder: string): string => {
  switch (value.kind) {
    case "words":
      return `(${value.words.join(" ")})`;
    case "list":
      return `_values -s , ${placeholder} ${value.words.join(" ")}`;
    case "vms":
      return "_mvdoctor_vms";
    case "rules":
      return "_mvdoctor_rules";
    case "files":
      return "_files";
    case "directories":
      return "_directories";
    case "hosts":
      return "_hosts";
    case "free":
      return " ";
  }
};

const spelled = ({ name, char }: Pick<DescribedFlag, "name" | "char">): readonly string[] => [
  ...(char === undefined ? [] : [`-${char}`]),
  `--${name}`,
];

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
