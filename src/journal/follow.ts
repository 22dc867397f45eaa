import type { Host } from "../host/host.ts";
import { hasFailed } from "../host/present-values.ts";
import type { Micros, VmName } from "../vocabulary.ts";
import { parseJsonEntry } from "./entry.ts";
import { hostMatches, installerMatches, vmMatches } from "./matches.ts";
import { failureText } from "./read.ts";

/** What came of waiting: an entry, a while without one, or a journal that cannot be followed. */
export type Awaited =
  | { readonly status: "entry" | "silent" | "interrupted" }
  | { readonly status: "not-possible"; readonly why: string };

/** Waits for an entry behind `since` that concerns these VMs or their host; without `since`, for the next one. */
export const awaitEntry = async (
  host: Host,
  vms: readonly VmName[],
  since: Micros | undefined,
): Promise<Awaited> => {
  const from =
    since === undefined
      ? ["--lines=0"]
      : ["--no-tail", `--since=@${((since + 1) / 1e6).toFixed(6)}`];
  const stream = host.stream({
    program: "journalctl",
    args: [
      "--output=json",
      "--follow",
      ...from,
      ...[...vms.map((vm) => vmMatches(vm)), installerMatches(), hostMatches()].flatMap(
        (matches, index) => (index === 0 ? matches : ["+", ...matches]),
      ),
    ],
  });
  for await (const line of stream.lines) {
    const entry = parseJsonEntry(line);
    if (entry !== undefined && (since === undefined || entry.time > since)) break;
  }
  const end = await stream.end;
  if (end.failure === "interrupted") return { status: "interrupted" };
  // A program that is silent for too long is ended: here nobody had anything to say.
  if (end.failure === "timed-out") return { status: "silent" };
  return hasFailed(end) ? { status: "not-possible", why: failureText(end) } : { status: "entry" };
};
