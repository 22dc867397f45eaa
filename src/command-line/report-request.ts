import type { Request } from "../requests/request.ts";
import { interruption } from "./interruption.ts";
import { writePage } from "./screen.ts";
import { redactionOf, redactMapOf, writeMap } from "./redaction.ts";
import { sourceOf } from "./source-flags.ts";

type ReportFlags = Parameters<typeof sourceOf>[0] &
  Parameters<typeof redactMapOf>[0] &
  Request["times"] &
  Pick<Request, "flake" | "config"> &
  Parameters<typeof writePage>[1] & {
    readonly "show-skipped"?: boolean;
    readonly verbose?: boolean;
  };

/** What a command asks for that shows a report, from its flags and the VMs that it names. */
export const reportRequest = (flags: ReportFlags, vms: readonly string[] | undefined): Request => ({
  source: sourceOf(flags),
  times: flags,
  vms: vms ?? [],
  flake: flags.flake,
  config: flags.config,
  redaction: redactionOf(flags, redactMapOf(flags)),
  showSkipped: flags["show-skipped"] === true || flags.verbose === true,
  showCommands: flags.verbose,
  signal: interruption(),
});

/** Shows a report, or writes it where the flags say, and beside it what its pseudonyms stand for. */
export const writeReport = async (
  page: string,
  redactionMap: string | undefined,
  flags: ReportFlags,
): Promise<void> => {
  await writePage(page, flags);
  await writeMap(redactionMap, flags);
};
