/** What the manual says of a command beyond its summary. */
export interface CommandText {
  readonly description: readonly string[];
  readonly examples: readonly (readonly [what: string, command: string])[];
}

/** By command; one that is not here has its summary alone. */
export const COMMAND_TEXTS: Readonly<Record<string, CommandText>> = {
  check: {
    description: [
      "Takes away what earlier starts did, and asks the rules about files, links, unit and runner as they are now. The answer is yes, no or unknown, with the stage and the component where the next start would stop.",
    ],
    examples: [
      ["Ahead of a switch, as a step that fails", "mvdoctor check test-vm"],
      ["On a system that is not running", "mvdoctor check test-vm --root /mnt"],
      ["As test results of a pipeline", "mvdoctor check --output-file secrets.xml"],
    ],
  },
  collect: {
    description: [
      "A bundle holds everything that a diagnosis reads: values masked, no secret's file opened. Every other command reads it with `--bundle`, on any machine with Node, and gives the report of the host byte for byte.",
      "It is written with mode 0600. Ctrl-C ends the reading and writes what there is.",
    ],
    examples: [
      ["Keep tonight's evidence", "mvdoctor collect test-vm --output-file test-vm.mvb"],
      ["See first what would be asked", "mvdoctor collect test-vm --dry-run"],
      [
        "Under other names, to send it",
        "mvdoctor collect test-vm --redact=hosts,users,paths --output-file test-vm.mvb",
      ],
    ],
  },
  completion: {
    description: [
      "bash: `source <(mvdoctor completion bash)`. fish: `mvdoctor completion fish | source`. zsh: `mvdoctor completion zsh` into a file `_mvdoctor` of a directory in `fpath`. The package for Nix installs all three.",
      "VMs are completed from the evidence that the line names, by `mvdoctor list --names`. No host is connected to for it.",
    ],
    examples: [],
  },
  diagnose: {
    description: [
      "Reads the journal, links, units, runners, owners and modes, lets every rule look at them, and says what happened when, what caused what, whether a secret ever reached the guest, and what would repair it.",
      "Without a flag for the source it looks at this host. What it may not read is named and never taken for good.",
    ],
    examples: [
      ["This host", "mvdoctor diagnose test-vm"],
      ["Since last night", "mvdoctor diagnose test-vm --since yesterday"],
      ["Two hosts over ssh, in one report", "mvdoctor diagnose test-vm -H root@one -H root@two"],
      ["From a bundle", "mvdoctor diagnose test-vm --bundle test-vm.mvb"],
      ["For code scanning", "mvdoctor diagnose --output-file secrets.sarif"],
    ],
  },
  explain: {
    description: [
      "What is true on the host, why it matters, what proves it and what rules it out, what it is confused with, and how it is repaired.",
    ],
    examples: [["The rule of a finding", "mvdoctor explain access/file-mode"]],
  },
  list: {
    description: [
      "With `--names` it shows the names of all VMs and looks at none of them, which is quick: for scripts and shells.",
    ],
    examples: [
      ["How are they?", "mvdoctor list"],
      ["Their names", "mvdoctor list --names"],
    ],
  },
  redact: {
    description: [
      "What stands for what goes into a file of its own, which you keep. With `--redact-map` several bundles get the same names.",
    ],
    examples: [["Before you send a bundle", "mvdoctor redact test-vm.mvb"]],
  },
  report: {
    description: [
      "The same as `diagnose`, as a page of Markdown for a ticket or a wiki: timeline, evidence word for word, causes, options, what is not proven.",
    ],
    examples: [["For a ticket", "mvdoctor report test-vm --output-file rca.md"]],
  },
  rules: { description: [], examples: [["The catalogue", "mvdoctor rules"]] },
  schema: {
    description: [
      "The schema is of draft 2020-12 and says what each key means. A document may hold keys that its schema does not name: some may be added.",
    ],
    examples: [
      ["What diagnose writes", "mvdoctor schema"],
      ["What any command writes that fails", "mvdoctor schema error"],
    ],
  },
  timeline: {
    description: ["It judges nothing: it shows what is there, in the order of the host's clock."],
    examples: [
      ["Tonight", "mvdoctor timeline test-vm --since 00:40"],
      ["Where the word stands", "mvdoctor timeline test-vm --grep denied"],
    ],
  },
  verify: {
    description: [
      "Each piece of evidence is looked at again: the entry at its cursor, the stat and the text of a file; commands and coverage by a new look at the host. It ends with 1 where something no longer holds, and with 3 where something could not be checked.",
    ],
    examples: [["Is it still so?", "mvdoctor verify report.json"]],
  },
};
