import * as Flags from "@oclif/core/flags";
import { SEVERITIES } from "../vocabulary.ts";
import { jsonFlag, sourceFlags } from "./source-flags.ts";

const { root, directory, file, merge, timeout, since, boot, now, config, utc } = sourceFlags;
const news = { helpGroup: "NEWS" } as const;

/** Where what is watched is: a journal that grows on this machine. */
export const watchedSourceFlags = {
  root,
  directory,
  file,
  merge,
  timeout,
  since,
  boot,
  now,
  config,
  utc,
};

/** What is told, and to whom. */
export const watchFlags = {
  severity: Flags.option({
    ...news,
    helpValue: "SEVERITY",
    summary: `tell of findings from this severity on: ${SEVERITIES.join(", ")}`,
    options: SEVERITIES,
    default: "warning",
  })(),
  "only-new": Flags.boolean({
    ...news,
    summary: "leave out what is so already when the watching begins",
  }),
  exec: Flags.string({
    ...news,
    helpValue: "COMMAND",
    summary:
      "run COMMAND for each event, with its JSON on standard input; split at spaces, quotes hold, no shell",
  }),
  output: Flags.option({
    helpGroup: "OUTPUT",
    char: "o",
    helpValue: "FORMAT",
    summary: "text, or json: an object in a line for each event",
    options: ["text", "json"] as const,
  })(),
  ...jsonFlag,
  quiet: Flags.boolean({
    helpGroup: "OUTPUT",
    char: "q",
    summary: "say nothing on stderr of what is watched, and show no progress",
  }),
  plain: Flags.boolean({
    helpGroup: "OUTPUT",
    summary: "no colour, and nothing beyond ASCII",
  }),
};
