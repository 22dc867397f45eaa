import type { Invocation, OutputLine } from "../evidence/journal.ts";
import type { OutputMeaning } from "../evidence/output.ts";
import type { JournalRef } from "../evidence/reference.ts";
import type { Micros } from "../vocabulary.ts";

const SECOND = 1_000_000;
/** A VM that lives longer than this came further than its runner script. */
const LIVES = 30 * SECOND;

/** How many starts these are, with the rounds of a loop that are held as times alone. */
export const countOf = (starts: readonly Invocation[]): number =>
  starts.reduce((count, { alike }) => count + 1 + (alike?.begins.length ?? 0), 0);

/** How often these lines were written, with those of the rounds of a loop that are held as times alone. */
export const timesOf = (lines: readonly JournalRef[]): number =>
  lines.reduce((count, { rounds = 1 }) => count + rounds, 0);

/** When each of these starts began, with the rounds of a loop that are held as times alone; in the order of time, microseconds. */
export const beginsOf = (starts: readonly Invocation[]): readonly Micros[] => {
  const begins: Micros[] = [];
  for (const { first, alike } of starts) {
    begins.push(first.time);
    for (const begin of alike?.begins ?? []) begins.push(begin);
  }
  return begins.toSorted((a, b) => a - b);
};

/** When the last of a start's rounds that are held as times alone began, or the start itself. */
export const lastBeginOf = ({ first, alike }: Invocation): Micros =>
  alike?.begins.at(-1) ?? first.time;

/** The moment a start ended by systemd's word; `undefined` where the journal holds no end. */
export const endOfStart = (start: Invocation): Micros | undefined => {
  const ends = [
    start.result?.ref,
    start.succeeded,
    start.stopped?.ref,
    start.restart,
    start.failedStart?.ref,
  ];
  const times = ends.flatMap((ref) => (ref === undefined ? [] : [ref.time]));
  return times.length === 0 ? undefined : times.reduce((a, b) => (a > b ? a : b));
};

/** The moment its process was gone. A restart that waits, or a stop in that wait, comes later and adds nothing to its life. */
export const endOfProcess = (start: Invocation): Micros | undefined =>
  (start.result?.ref ?? start.succeeded ?? start.failedStart?.ref ?? start.stopped?.ref)?.time ??
  endOfStart(start);

/** A start that failed: an exit that is no success, a failed result, or a process that could not be set up. */
export const hasFailed = (start: Invocation): boolean =>
  start.result !== undefined || start.failedStart !== undefined || start.spawnFailures.length > 0;

export const meaningsIn = <Kind extends OutputMeaning["kind"]>(
  start: Invocation,
  kind: Kind,
): readonly {
  readonly meaning: Extract<OutputMeaning, { kind: Kind }>;
  readonly ref: JournalRef;
}[] =>
  start.lines.flatMap(({ meanings, ref }) =>
    meanings
      .filter((meaning): meaning is Extract<OutputMeaning, { kind: Kind }> => meaning.kind === kind)
      .map((meaning) => ({ meaning, ref })),
  );

/** It says more than that a guest boots. */
export const isWorthQuoting = ({ meanings }: OutputLine): boolean =>
  meanings.some(({ kind }) => kind !== "guest-kernel" && kind !== "guest-up");

/** The guest itself has spoken. */
export const guestSpoke = (start: Invocation): JournalRef | undefined =>
  start.lines.find(({ meanings }) =>
    meanings.some(
      ({ kind }) =>
        kind === "guest-kernel" || kind === "credential-size" || kind === "credentials-received",
    ),
  )?.ref;

/**
 * Whether a start got as far as a running guest. systemd's "Started" counts only for Type=notify: with Type=simple it is logged
 * for a runner that dies at once (measured on systemd 252, 257 and 262).
 */
export const reachedReady = (
  start: Invocation,
  last: Micros | undefined,
  type: string | undefined,
): boolean => {
  if (guestSpoke(start) !== undefined) return true;
  if (start.spawnFailures.length > 0 || start.failedStart !== undefined) return false;
  const end = endOfProcess(start) ?? last;
  const lived = end !== undefined && end - start.first.time >= LIVES;
  // A drop-in may have made it Type=notify since: what fails at once was never ready.
  return lived || (type === "notify" && start.started !== undefined && !hasFailed(start));
};

/** What a failed start looks like, so that equal failures count as one. */
export const failureSignature = (start: Invocation): string => {
  const exit = start.exits[0];
  const denied = meaningsIn(start, "permission-denied")[0]?.meaning.path;
  const missing = meaningsIn(start, "no-such-file")[0]?.meaning.path;
  return [
    start.spawnFailures[0]?.step ?? "",
    exit === undefined ? "" : `${exit.code} ${exit.status}`,
    denied === undefined ? "" : `denied ${denied}`,
    missing === undefined ? "" : `missing ${missing}`,
    hasFailed(start) ? "failed" : "",
  ].join("|");
};
