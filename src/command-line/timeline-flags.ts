import { CLIError } from "@oclif/core/errors";
import * as Flags from "@oclif/core/flags";
import { FORMATS } from "./output-format.ts";
import { outputFlags } from "./source-flags.ts";

const rows = { helpGroup: "ROWS" } as const;

const pattern = Flags.custom<RegExp>({
  parse: async (input) => {
    try {
      // As journalctl does it: who writes a capital means it.
      return new RegExp(input, input === input.toLowerCase() ? "i" : "");
    } catch (error) {
      throw new CLIError(
        `--grep ${JSON.stringify(input)} is no regular expression: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  },
});

/** Which rows of the timeline are shown. */
export const rowFlags = {
  lines: Flags.integer({
    ...rows,
    char: "n",
    helpValue: "N",
    summary: "only the N newest rows",
    min: 0,
  }),
  reverse: Flags.boolean({ ...rows, char: "r", summary: "newest rows first" }),
  grep: pattern({
    ...rows,
    char: "g",
    helpValue: "PATTERN",
    summary: "only rows whose words match PATTERN; case counts where it holds a capital",
  }),
  follow: Flags.boolean({
    ...rows,
    char: "f",
    summary: "go on with each row as it becomes true; 10 of those before, unless -n says so",
    exclusive: ["reverse", "until", "bundle", "host", "journal-url", "output-file", "redact"],
  }),
  all: Flags.boolean({
    ...rows,
    summary: "a row for every start of a crash loop, and for every line that is repeated",
  }),
};

/** What is written: a timeline may be a log, too. */
export const timelineOutputFlags = {
  ...outputFlags,
  output: Flags.option({
    helpGroup: "OUTPUT",
    char: "o",
    helpValue: "FORMAT",
    summary: `one of ${FORMATS.join(", ")}, or lnav: a log in logfmt, which lnav reads without a format file`,
    options: [...FORMATS, "lnav"] as const,
  })(),
};
