import type { HostJournal, Invocation, VmJournal } from "../evidence/journal.ts";
import type { JournalRef } from "../evidence/reference.ts";
import type { History } from "./history.ts";
import { isVmUnit } from "./wording.ts";

/** Who asked systemd to stop the VM. */
export type StopReason =
  /** `named`: the switch's own list of units holds the VM. */
  | { readonly kind: "switch"; readonly ref: JournalRef; readonly named: boolean }
  | { readonly kind: "operator"; readonly ref: JournalRef }
  /** The host itself went down. */
  | { readonly kind: "shutdown" }
  | { readonly kind: "unknown" };

/** A start of the VM that a job ended, or the loop that it was a round of. */
export interface Stop {
  readonly start: Invocation | undefined;
  readonly at: JournalRef;
  readonly reason: StopReason;
  /** No start followed. */
  readonly stays: boolean;
}

const SECOND = 1_000_000;
/** switch-to-configuration stops and starts units within this time, slow guests included. */
const SWITCH_LASTS = 180 * SECOND;
const AT_HAND = 15 * SECOND;
const SHUTDOWN_LASTS = 180 * SECOND;

export interface StopSources {
  readonly history: History;
  readonly vmJournal: VmJournal;
  readonly hostJournal: HostJournal;
}

/** Every stop of the VM that a job asked for (JOB_TYPE=stop or restart), in order, with who is behind it as far as the journal tells. */
export const stopsOf = (sources: StopSources): readonly Stop[] => {
  const { invocations } = sources.vmJournal;
  const jobs = [
    ...sources.vmJournal.stops.filter(({ unit }) => isVmUnit(unit)).map(({ ref }) => ref),
    ...invocations.flatMap(({ stopping }) => stopping ?? []),
  ].toSorted((a, b) => a.time - b.time);
  const stops = new Map<Invocation | undefined, JournalRef>();
  for (const ref of jobs) {
    const start = invocations.findLast(({ first }) => first.time <= ref.time);
    if (!stops.has(start)) stops.set(start, ref);
  }
  return [...stops].map(([start, at]) => ({
    start,
    at,
    reason: reasonOf(at, start, sources),
    stays: start === invocations.at(-1) && !sources.history.running,
  }));
};

const reasonOf = (
  at: JournalRef,
  start: Invocation | undefined,
  { history, hostJournal }: StopSources,
): StopReason => {
  const before = (time: number, lasts: number): boolean =>
    time <= at.time + SECOND && at.time - time <= lasts;
  const list = hostJournal.events.findLast(
    (event) =>
      event.kind === "switch-units" &&
      /^(?:stopp|restart)ing$/u.test(event.action) &&
      before(event.ref.time, SWITCH_LASTS) &&
      (start === undefined || event.units.includes(start.unit)),
  );
  if (list !== undefined) return { kind: "switch", ref: list.ref, named: true };
  const command = history.changes.findLast(
    (change) =>
      change.kind === "operator" &&
      /\bsystemctl\s.*\b(?:stop|restart|kill|isolate)\b|\bmicrovm\b/u.test(change.command) &&
      before(change.time, AT_HAND),
  );
  if (command?.kind === "operator") return { kind: "operator", ref: command.ref };
  const change = history.changes.findLast(
    ({ kind, time }) => kind === "switch" && before(time, SWITCH_LASTS),
  );
  if (change?.kind === "switch") return { kind: "switch", ref: change.ref, named: false };
  return wentDown(at, start, hostJournal) ? { kind: "shutdown" } : { kind: "unknown" };
};

/** The boot ends right behind the stop, and another one follows. */
const wentDown = (
  at: JournalRef,
  start: Invocation | undefined,
  { boots }: HostJournal,
): boolean => {
  const index = boots.findIndex(({ id }) => id === start?.boot);
  const boot = boots[index];
  return boot !== undefined && index < boots.length - 1 && boot.last - at.time <= SHUTDOWN_LASTS;
};
