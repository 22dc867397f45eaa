import * as Flags from "@oclif/core/flags";

/** How often a list is shown again unless told, in seconds, as watch(1) does. */
const USUAL_PAUSE = "2";
/** Looking for a cause costs what a diagnosis costs. */
const USUAL_CAUSES = 8;

/** What a list shows, and how often. */
export const listFlags = {
  causes: Flags.integer({
    helpGroup: "OUTPUT",
    helpValue: "N",
    summary: `look for the cause in N VMs that are not well, at most (${USUAL_CAUSES} unless told)`,
    min: 0,
    default: USUAL_CAUSES,
    noCacheDefault: true,
  }),
  names: Flags.boolean({
    helpGroup: "OUTPUT",
    summary: "show their names alone, without a look at any of them",
    exclusive: ["output", "json", "redact"],
  }),
  watch: Flags.integer({
    helpGroup: "OUTPUT",
    helpValue: "[SECONDS]",
    summary: `on a terminal: show it again every ${USUAL_PAUSE} seconds, or as often as told, until Ctrl-C`,
    min: 1,
    max: 86_400,
    exclusive: ["bundle", "output", "json", "output-file", "redact", "names"],
  }),
};

/** Gives a bare `--watch` its usual value: oclif knows no flag with an optional one. */
export const withWatchArgument = (argv: readonly string[]): string[] => {
  const end = argv.indexOf("--");
  return argv.map((argument, index) =>
    argument === "--watch" && (end === -1 || index < end) ? `--watch=${USUAL_PAUSE}` : argument,
  );
};
