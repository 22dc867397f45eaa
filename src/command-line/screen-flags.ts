import * as Flags from "@oclif/core/flags";

const output = { helpGroup: "OUTPUT" } as const;

/** How a page is shown; `screen` and `writePage` read them. */
export const screenFlags = {
  "no-pager": Flags.boolean({ ...output, summary: "write to the terminal and not to a pager" }),
  plain: Flags.boolean({ ...output, summary: "no colour, and nothing beyond ASCII" }),
};

/** For commands that have no shorter form. */
export const quietFlag = {
  quiet: Flags.boolean({ ...output, char: "q", summary: "show no progress on the terminal" }),
};

/** How much the terminal report tells. */
export const detailFlags = {
  quiet: Flags.boolean({
    ...output,
    char: "q",
    summary: "a line for each VM: how it is, since when, and why",
    exclusive: ["verbose", "explain"],
  }),
  verbose: Flags.boolean({
    ...output,
    char: "v",
    summary: "list the rules that were not asked and the commands that were run, too",
  }),
  explain: Flags.boolean({
    ...output,
    char: "x",
    summary: "explain each finding: why it matters, what rules it out, how to repair it",
  }),
};
