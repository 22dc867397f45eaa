import type { Host } from "../host/host.ts";
import { hasFailed } from "../host/present-values.ts";
import { parseJsonEntry } from "../journal/entry.ts";
import { failureText } from "../journal/read.ts";
import { plain } from "../report/words.ts";
import type { ReportedEvidence } from "../report/report-file.ts";
import { formatUtc } from "../time/format-time.ts";
import { hostPath } from "../vocabulary.ts";

/** What became of a piece of evidence since a report cited it. */
export type Check =
  | { readonly state: "holds" }
  | { readonly state: "changed" | "gone" | "unknown"; readonly why: string };

const HOLDS: Check = { state: "holds" };

type Reported<Kind extends ReportedEvidence["kind"]> = Extract<ReportedEvidence, { kind: Kind }>;

/**
 * Looks at one piece of evidence again. `cited` is what a new look at the same host cites: a command is never run because a report says
 * so, it holds where the new look ran it and got the same.
 */
export const checkEvidence = async (
  host: Host,
  evidence: ReportedEvidence,
  cited: readonly ReportedEvidence[],
): Promise<Check> => {
  switch (evidence.kind) {
    case "journal":
      return checkEntry(host, evidence);
    case "file":
      return checkFile(host, evidence);
    case "command":
      return checkCommand(evidence, cited);
    case "coverage":
      return checkCoverage(evidence, cited);
  }
};

const checkEntry = async (host: Host, { cursor, text }: Reported<"journal">): Promise<Check> => {
  const time = timeOfCursor(cursor);
  if (time === undefined) return { state: "unknown", why: "its cursor is none of journald's" };
  // Not with --cursor, which only journalctl knows: a gateway, a saved text and a bundle can be asked for a moment.
  const result = await host.run({
    program: "journalctl",
    args: ["--output=json", "--all", `--since=@${time}`, `--until=@${time}`],
  });
  if (hasFailed(result))
    return { state: "unknown", why: `the journal cannot be asked: ${plain(failureText(result))}` };
  const entry = result.stdout
    .split("\n")
    .map((line) => parseJsonEntry(Buffer.from(line)))
    .find((one) => one?.cursor === cursor);
  if (entry === undefined)
    return { state: "gone", why: "the journal does not hold this entry any more" };
  return plain(entry.message) === text
    ? HOLDS
    : { state: "changed", why: `the entry says ${JSON.stringify(plain(entry.message))}` };
};

/** Seconds with six digits, from the realtime of a cursor (sd_journal_get_cursor(3): `t=` and microseconds in hex). */
const timeOfCursor = (cursor: string): string | undefined => {
  const time = /;t=(?<hex>[0-9a-f]{1,13});/u.exec(cursor)?.groups?.["hex"];
  return time === undefined ? undefined : (Number.parseInt(time, 16) / 1e6).toFixed(6);
};

const checkFile = async (host: Host, evidence: Reported<"file">): Promise<Check> => {
  const path = hostPath(evidence.path);
  const found = await host.lstat(path);
  switch (found.status) {
    case "absent":
      return evidence.absent === true ? HOLDS : { state: "gone", why: "it is not there any more" };
    case "denied":
      return { state: "unknown", why: "it may not be looked at with these rights" };
    case "loop":
      return { state: "changed", why: "its links lead round in a circle" };
    case "refused":
      return { state: "unknown", why: found.reason };
    case "present":
  }
  if (evidence.absent === true) return { state: "changed", why: "it is there now" };
  const { type, mode, uid, gid, size, mtime, target } = found.value;
  const now = {
    type,
    mode: mode.toString(8).padStart(4, "0"),
    uid,
    gid,
    size,
    mtime: formatUtc(mtime),
    target: target === undefined ? undefined : plain(target),
  };
  const was = evidence.stat;
  const changes = STAT_FIELDS.filter((field) => was !== undefined && was[field] !== now[field]);
  if (changes.length > 0)
    return {
      state: "changed",
      why: changes
        .map((field) => `${field} was ${was?.[field] ?? "none"}, is ${now[field] ?? "none"}`)
        .join("; "),
    };
  return evidence.text === undefined ? HOLDS : checkText(host, evidence, evidence.text);
};

const STAT_FIELDS = ["type", "mode", "uid", "gid", "size", "mtime", "target"] as const;

const checkText = async (
  host: Host,
  { path, line }: Reported<"file">,
  text: string,
): Promise<Check> => {
  const read = await host.readText(hostPath(path));
  if (read.status !== "present")
    return { state: "unknown", why: `its text could not be read: ${read.status}` };
  const lines = read.value.split("\n").map((one) => plain(one).trim());
  const wanted = text.trim();
  const place = line === undefined ? read.value : (lines[line - 1] ?? "");
  if (plain(place).includes(wanted)) return HOLDS;
  // A setting may go over several lines, and stand in the report as one.
  return plain(read.value.replaceAll(/\\\n\s*/gu, " ")).includes(wanted)
    ? HOLDS
    : { state: "changed", why: "its text does not say so any more" };
};

const checkCommand = (
  { argv, exitCode, text }: Reported<"command">,
  cited: readonly ReportedEvidence[],
): Check => {
  const again = cited.find(
    (one): one is Reported<"command"> =>
      one.kind === "command" && one.argv.join("\0") === argv.join("\0") && one["text"] === text,
  );
  if (again === undefined)
    return { state: "unknown", why: "a new look at the host did not come to ask this" };
  return again.exitCode === exitCode
    ? HOLDS
    : {
        state: "changed",
        why: `it ended with ${exitCode ?? "no status"}, now with ${again.exitCode ?? "no status"}`,
      };
};

const checkCoverage = (
  { source, text }: Reported<"coverage">,
  cited: readonly ReportedEvidence[],
): Check => {
  const again = cited.filter(
    (one): one is Reported<"coverage"> => one.kind === "coverage" && one.source === source,
  );
  if (again.some((one) => one.text === text)) return HOLDS;
  const [now] = again;
  return now === undefined
    ? { state: "unknown", why: "a new look at the host did not come to rest on this" }
    : { state: "changed", why: `it is now: ${now.text}` };
};
