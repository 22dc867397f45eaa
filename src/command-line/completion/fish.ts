import type { DescribedCommand, DescribedFlag, Value } from "../command-line.ts";
import { NETWORK, SOURCES, type Completed } from "./completed.ts";

/** A script for fish 3 or newer. */
export const fishCompletion = ({ commands, rules }: Completed): string =>
  [
    "# fish completion for mvdoctor, written by: mvdoctor completion fish",
    "",
    "# Names of VMs, from the evidence that the line names; a host that has to be connected to is not asked.",
    "function __mvdoctor_vms",
    "    set -l words (commandline -opc)",
    "    set -l evidence",
    "    set -l i 3",
    "    while test $i -le (count $words)",
    "        switch $words[$i]",
    `            case ${NETWORK.flatMap(spelled).join(" ")} '--host=*' '--journal-url=*'`,
    "                return",
    `            case ${SOURCES.map(({ name }) => quoted(`--${name}=*`)).join(" ")}`,
    "                set -a evidence $words[$i]",
    `            case ${SOURCES.flatMap(spelled).join(" ")}`,
    "                set -l next (math $i + 1)",
    "                set -a evidence $words[$i] $words[$next]",
    "                set i $next",
    "        end",
    "        set i (math $i + 1)",
    "    end",
    "    $words[1] list --names $evidence 2>/dev/null </dev/null",
    "end",
    "",
    // Not `__fish_seen_subcommand_from`: a VM may be called as a command is.
    "function __mvdoctor_in",
    "    set -l words (commandline -opc)",
    '    test "$words[2]" = $argv[1]',
    "end",
    "",
    "complete -c mvdoctor -f",
    "complete -c mvdoctor -n __fish_use_subcommand -l help -d 'show what there is'",
    "complete -c mvdoctor -n __fish_use_subcommand -s V -l version -d 'show the version'",
    "complete -c mvdoctor -n __fish_use_subcommand -a help -d 'show what a command takes'",
    ...commands.map(
      ({ id, summary }) =>
        `complete -c mvdoctor -n __fish_use_subcommand -a ${id} -d ${quoted(summary)}`,
    ),
    `complete -c mvdoctor -n '__mvdoctor_in help' -a ${quoted(commands.map(({ id }) => id).join(" "))}`,
    ...commands.flatMap((command) => ["", ...commandLines(command, rules)]),
    "",
  ].join("\n");

const commandLines = (
  { id, args, flags }: DescribedCommand,
  rules: Completed["rules"],
): readonly string[] => {
  const start = `complete -c mvdoctor -n '__mvdoctor_in ${id}'`;
  return [
    ...args.slice(0, 1).map(({ value }) => `${start}${valueOption(value, rules)}`),
    ...flags.map(
      ({ name, char, summary, value }) =>
        `${start}${char === undefined ? "" : ` -s ${char}`} -l ${name}${value === undefined ? "" : ` -r${valueOption(value, rules)}`} -d ${quoted(summary)}`,
    ),
    `${start} -s h -l help -d 'show what it takes'`,
  ];
};

const valueOption = (value: Value, rules: Completed["rules"]): string => {
  switch (value.kind) {
    case "words":
      return ` -f -a ${quoted(value.words.join(" "))}`;
    case "list":
      return ` -f -a ${quoted(`(__fish_complete_list , 'printf "%s\\n" ${value.words.join(" ")}')`)}`;
    case "vms":
      return " -f -a '(__mvdoctor_vms)'";
    case "rules":
      return ` -f -a ${quoted(rules.map(({ id, what }) => `${id}\\t${quoted(what)}`).join(" "))}`;
    case "files":
      return " -F";
    case "directories":
      return " -f -a '(__fish_complete_directories)'";
    case "hosts":
      return " -f -a '(__fish_print_hostnames)'";
    case "free":
      return " -f";
  }
};

const spelled = ({ name, char }: Pick<DescribedFlag, "name" | "char">): readonly string[] => [
  ...(char === undefined ? [] : [`-${char}`]),
  `--${name}`,
];

const quoted = (text: string): string => `'${text.replaceAll(/['\\]/gu, String.raw`\$&`)}'`;
