import { CLIError } from "@oclif/core/errors";
import * as Flags from "@oclif/core/flags";
import type { Source } from "../requests/request.ts";
import { FAIL_ON } from "./exit-status.ts";
import { CATALOGUE_FORMATS, FORMATS, JUDGEMENT_FORMATS } from "./output-format.ts";
import { REDACTABLE, type Redactable } from "../vocabulary.ts";
import { parseRedactable } from "./redaction.ts";

// An empty value is nearly always an unset shell variable. Taken as "absent" it would silently mean this host.
const text = Flags.custom({
  parse: async (input, _context, { name }) => {
    if (input === "") throw new CLIError(`--${name} is empty`);
    return input;
  },
});

const boot = Flags.custom({
  parse: async (input) => {
    if (!/^(?:[-+]?\d+|[0-9a-f]{32}(?:[-+]\d+)?)$/u.test(input)) {
      throw new CLIError(
        `${JSON.stringify(input)} is no boot: a number such as -1, or 32 hex digits`,
      );
    }
    return input;
  },
});

const evidence = { helpGroup: "SOURCE" } as const;
const window = { helpGroup: "TIME" } as const;
const output = { helpGroup: "OUTPUT" } as const;

/** Where evidence comes from and from which time: the same flags on every command that reads evidence. */
export const sourceFlags = {
  root: text({
    ...evidence,
    helpValue: "DIR",
    summary: "look at the file system tree under DIR as if it were /",
    exclusive: ["bundle", "host", "journal-url"],
  }),
  directory: text({
    ...evidence,
    char: "D",
    helpValue: "DIR",
    summary: "read the journal from DIR",
    exclusive: ["bundle", "host", "journal-url", "file"],
  }),
  file: text({
    ...evidence,
    helpValue: "GLOB",
    summary: "read the journal from these files; may be repeated",
    multiple: true,
    // Without it, `--file system.journal test-vm` takes the VM for a second file.
    multipleNonGreedy: true,
    exclusive: ["bundle", "host", "journal-url"],
  }),
  bundle: text({
    ...evidence,
    helpValue: "FILE",
    summary: "read everything from a bundle that collect wrote",
    exclusive: ["host", "journal-url"],
  }),
  host: text({
    ...evidence,
    char: "H",
    helpValue: "[USER@]HOST",
    summary: "look at HOST over ssh; may be repeated",
    multiple: true,
    multipleNonGreedy: true,
    exclusive: ["journal-url"],
  }),
  sudo: Flags.boolean({
    ...evidence,
    summary: "with --host: run the commands there behind sudo -n",
    dependsOn: ["host"],
  }),
  "journal-url": text({
    ...evidence,
    helpValue: "URL",
    summary: "read the journal that a systemd-journal-gatewayd serves, as http://HOST:19531",
  }),
  merge: Flags.boolean({
    ...evidence,
    char: "m",
    summary: "look at journals of other machines, too",
    exclusive: ["bundle", "host", "journal-url", "root"],
  }),
  timeout: Flags.integer({
    ...evidence,
    helpValue: "SECONDS",
    summary: "give a program up that is silent for so long (60 unless told)",
    min: 1,
    max: 86_400,
  }),
  since: text({
    ...window,
    char: "S",
    helpValue: "TIME",
    summary: "from TIME on, in the grammar of systemd.time(7)",
  }),
  until: text({ ...window, char: "U", helpValue: "TIME", summary: "up to TIME" }),
  boot: boot({
    ...window,
    char: "b",
    helpValue: "[ID]",
    summary: "one boot: an offset such as -1, or a boot id; without ID the last one",
  }),
  now: text({
    ...window,
    helpValue: "TIME",
    summary: "take TIME for the time of the report, so that two runs are identical",
  }),
  config: text({
    ...output,
    helpValue: "FILE",
    summary: "take suppressions from FILE in place of /etc/mvdoctor/config.json",
  }),
  utc: Flags.boolean({ ...window, summary: "show times in UTC instead of the host's zone" }),
};

/** For commands that ask where a runner comes from. */
export const flakeFlag = {
  flake: text({
    ...evidence,
    helpValue: "DIR",
    summary:
      "search the configuration repository in DIR, on this machine, for the VM and its runner",
  }),
};

/** For commands that answer people or programs, and nothing between. */
export const jsonFlag = { json: Flags.boolean({ ...output, summary: "answer in JSON" }) };

const redact = Flags.custom<readonly Redactable[]>({
  parse: async (input) => parseRedactable(input),
});

/** For what can be told under other names. */
export const redactionFlags = {
  redact: redact({
    ...output,
    helpValue: "KINDS",
    summary: `give other names to ${REDACTABLE.join(", ")}, or to some of them`,
  }),
  "redact-map": text({
    ...output,
    helpValue: "FILE",
    summary: "keep what stands for what in FILE (mode 0600), and go on with what is there",
  }),
};

/** For the command that redacts a bundle. */
export const redactFlags = {
  ...redactionFlags,
  "output-file": text({
    ...output,
    helpValue: "FILE",
    summary: "write to FILE: BUNDLE.redacted.mvb unless told",
  }),
};

/** For the command that writes a bundle. */
export const bundleFlags = {
  ...redactionFlags,
  "output-file": text({
    ...output,
    helpValue: "FILE",
    summary: "write the bundle to FILE, which only its owner may read",
  }),
  "dry-run": Flags.boolean({
    ...output,
    summary: "show which commands would be run and which paths looked at, and run none",
  }),
  json: Flags.boolean({ ...output, summary: "with --dry-run: show it as JSON" }),
};

const formatFlag = <Offered extends string>(offered: readonly Offered[]) =>
  Flags.option({
    ...output,
    char: "o",
    helpValue: "FORMAT",
    summary: `one of ${offered.join(", ")}`,
    options: offered,
  })();

/** What is written and where to; `chosenFormat` reads them. */
export const outputFlags = {
  output: formatFlag(FORMATS),
  json: Flags.boolean({ ...output, summary: "the same as -o json" }),
  "output-file": text({
    ...output,
    helpValue: "FILE",
    summary: "write to FILE; its extension names the format when -o does not",
  }),
};

/** The same for the catalogue of rules. */
export const catalogueFlags = { ...outputFlags, output: formatFlag(CATALOGUE_FORMATS) };

/** For commands that write an incident up. */
export const emojiFlag = {
  emoji: Flags.boolean({
    ...output,
    summary: "in Markdown: put an emoji before each word for a state",
  }),
};

/** What is written by commands that judge: their judgements may go to other programs, too. */
export const judgementOutputFlags = { ...outputFlags, output: formatFlag(JUDGEMENT_FORMATS) };

/** For commands that judge. */
export const failOnFlag = {
  "fail-on": Flags.option({
    ...output,
    helpValue: "SEVERITY",
    summary: `exit with 1 from this severity on: ${FAIL_ON.join(", ")}`,
    options: FAIL_ON,
    default: "error",
  })(),
};

/** For commands whose report counts the rules that were not asked. */
export const showSkippedFlag = {
  "show-skipped": Flags.boolean({
    ...output,
    summary: "list the rules that were not asked, with what was missing",
  }),
};

type SourceFlags = Omit<Source, "journalUrl"> & { readonly "journal-url"?: Source["journalUrl"] };

/** Where the evidence comes from, as the flags say it. */
export const sourceOf = ({ "journal-url": journalUrl, ...flags }: SourceFlags): Source => ({
  ...flags,
  journalUrl,
});
