import type { CommandEnd, Lookup } from "../host.ts";
import { lastWords } from "./command-end.ts";

type Missed = Exclude<Lookup<never>, { readonly status: "present" }>;

/** strerror(3) in English, at the end of what coreutils complain; as src/host/local-files.ts takes the same errors. */
const ERRORS: ReadonlyMap<string, Missed> = new Map([
  ["No such file or directory", { status: "absent" }],
  ["Not a directory", { status: "absent" }],
  ["Permission denied", { status: "denied" }],
  ["Operation not permitted", { status: "denied" }],
  ["Too many levels of symbolic links", { status: "loop" }],
]);

/** What a line of complaint about one file says of it. */
export const missedBy = (complaint: string): Missed =>
  ERRORS.get(complaint.trimEnd().slice(complaint.lastIndexOf(": ") + 2)) ?? {
    status: "refused",
    reason: lastWords(Buffer.from(complaint)) ?? "its host did not say why",
  };

/** Why a command that should tell of files told of none; nothing where it ran, whatever it found. */
export const notAnswered = (program: string, end: CommandEnd): Missed | undefined => {
  if (end.failure === undefined) return undefined;
  switch (end.failure) {
    case "not-installed":
      return refused(`${program} is not installed there`);
    case "timed-out":
      return refused(`${program} did not answer in time`);
    case "too-much-output":
      return refused(`${program} printed too much`);
    case "interrupted":
      return refused(`asking ${program} was interrupted`);
    case "not-possible":
      return refused(lastWords(Buffer.from(end.stderr)) ?? `${program} could not be asked`);
  }
};

const refused = (reason: string): Missed => ({ status: "refused", reason });
