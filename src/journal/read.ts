import type { CommandEnd, Host } from "../host/host.ts";
import { entriesOf } from "../host/entry-fields.ts";
import { hasFailed } from "../host/present-values.ts";
import type { Micros } from "../vocabulary.ts";
import { entryOf, parseJsonEntry, type JournalEntry } from "./entry.ts";

/** The span of entries that is asked for; both ends belong to it. */
export interface Window {
  readonly since?: Micros;
  readonly until?: Micros;
  /** The id of a boot. */
  readonly boot?: string;
}

export interface ReadSummary {
  readonly entries: number;
  /** Lines that were no entry. */
  readonly malformed: number;
  /** What stood on stderr: files that journalctl left out, missing rights. */
  readonly complaints: readonly string[];
  /** journalctl failed, and why. */
  readonly failure?: string;
}

const asSince = (time: Micros): string => `--since=@${(time / 1e6).toFixed(6)}`;

/** Arguments that narrow a query to a window. `--until` loses entries behind a backward step of the clock (systemd#43805): the reader filters. */
const windowArgs = ({ since, boot }: Window): readonly string[] => [
  ...(since === undefined ? [] : [asSince(since)]),
  ...(boot === undefined ? [] : [`--boot=${boot}`]),
];

/** Hands each entry of the window that matches to `take`, in the journal's order, and tells what was not readable. */
export const readEntries = async (
  host: Host,
  matches: readonly string[],
  window: Window,
  take: (entry: JournalEntry) => void,
): Promise<ReadSummary> => {
  const stream = host.stream({
    program: "journalctl",
    args: ["--output=json", "--all", ...windowArgs(window), ...matches],
  });
  let entries = 0;
  let malformed = 0;
  for await (const batch of entriesOf(stream)) {
    let pieces = 0;
    let last: Micros | undefined;
    for (const fields of batch) {
      const entry = fields === undefined ? undefined : entryOf(fields);
      pieces += 1;
      last = entry?.time ?? last;
      if (entry === undefined) {
        malformed += 1;
        continue;
      }
      if (window.since !== undefined && entry.time < window.since) continue;
      if (window.until !== undefined && entry.time > window.until) continue;
      if (window.boot !== undefined && entry.boot !== window.boot) continue;
      entries += 1;
      take(entry);
    }
    stream.read?.(pieces, last);
    if (malformed > MOST_MALFORMED) break;
  }
  const end = await stream.end;
  const complaints = complaintsOf(end.stderr);
  return {
    entries,
    malformed,
    complaints,
    ...(hasFailed(end)
      ? { failure: failureText(end) }
      : malformed > MOST_MALFORMED
        ? { failure: "journalctl printed line after line that is no entry, and was ended" }
        : {}),
  };
};

/** Who prints so many lines that are no entry is not journalctl, and may never end. */
const MOST_MALFORMED = 10_000;

/** One entry that was looked for; `unknown` where the journal could not be asked, which is not the same as nothing there. */
export type Nearest =
  | { readonly status: "found"; readonly entry: JournalEntry }
  | { readonly status: "none" }
  | { readonly status: "unknown"; readonly why: string };

/** The first entry of anybody at or after `since`; reads one line and stops journalctl. */
export const firstEntryAfter = (host: Host, since: Micros, window: Window): Promise<Nearest> =>
  nearest(host, windowArgs({ ...window, since }));

/** The last entry of anybody at or before `until`. */
export const lastEntryBefore = (host: Host, until: Micros, { boot }: Window): Promise<Nearest> =>
  nearest(host, [
    "--reverse",
    ...windowArgs(boot === undefined ? {} : { boot }),
    `--until=@${(until / 1e6).toFixed(6)}`,
  ]);

const nearest = async (host: Host, args: readonly string[]): Promise<Nearest> => {
  const stream = host.stream({ program: "journalctl", args: ["--output=json", ...args] });
  let entry: JournalEntry | undefined;
  let odd = 0;
  for await (const line of stream.lines) {
    entry = parseJsonEntry(line);
    if (entry !== undefined) break;
    odd += line.length > 0 ? 1 : 0;
    if (odd > MOST_MALFORMED) break;
  }
  const end = await stream.end;
  if (entry !== undefined) return { status: "found", entry };
  if (hasFailed(end)) return { status: "unknown", why: failureText(end) };
  return odd > 0
    ? { status: "unknown", why: "journalctl answered in a form that is not known" }
    : { status: "none" };
};

export const complaintsOf = (stderr: string): readonly string[] =>
  stderr
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^-- No entries --$/u.test(line));

/** Why journalctl did not answer, or not to the end: its own first word, or how it ended. */
export const failureText = ({ failure, exitCode, stderr }: CommandEnd): string => {
  const complaints = complaintsOf(stderr);
  if (failure === "not-installed") return "journalctl is not installed here";
  if (failure === "timed-out") return complaints[0] ?? "journalctl did not answer in time";
  if (failure === "too-much-output") return "journalctl printed too much and was ended";
  if (failure === "interrupted") return "reading it was interrupted";
  if (failure === "not-possible") return complaints[0] ?? "journalctl could not be asked";
  if (exitCode === null) return complaints[0] ?? "journalctl was ended by a signal";
  return complaints[0] ?? `journalctl ended with status ${exitCode}`;
};
