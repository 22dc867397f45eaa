import type { Invocation, VmJournal } from "../evidence/journal.ts";
import type { LiveUnit } from "../evidence/unit.ts";
import { micros, vmOfUnit, type Micros, type VmName } from "../vocabulary.ts";
import type { History, Phase } from "./history.ts";
import { beginsOf, endOfStart, hasFailed } from "./starts.ts";

/** What a VM's unit does: systemd's word where it can be asked, else what its last lines in the journal leave. */
export type UnitState =
  | "failed"
  | "looping"
  | "starting"
  | "running"
  | "stopping"
  | "stopped"
  | "never-started"
  | "unknown";

export interface UnitStateFacts {
  readonly state: UnitState;
  /** When that began. */
  readonly since?: Micros;
}

export interface UnitStateInput {
  readonly vm: VmName;
  readonly live: LiveUnit | undefined;
  /** Absent where the journal could not be read. */
  readonly history: History | undefined;
  readonly journal: VmJournal | undefined;
}

export const unitState = (input: UnitStateInput): UnitStateFacts => {
  const { live, history } = input;
  const phase = history?.phases.at(-1);
  const isLoop = phase?.kind === "failing" && phase.loop !== undefined;
  if (live === undefined) return stateInJournal(input, phase);
  const since = phase?.start;
  switch (live.activeState) {
    case "active":
    case "reloading":
      if (isLoop) return { state: "looping", ...at(since) };
      return { state: "running", ...at(live.activeSince ?? newestOf(history)?.first.time) };
    case "activating":
      return live.subState === "auto-restart" || isLoop
        ? { state: "looping", ...at(since) }
        : { state: "starting", ...at(newestOf(history)?.first.time) };
    case "deactivating":
      return { state: "stopping" };
    case "failed":
      return { state: "failed", ...at(endOf(newestOf(history))) };
    case "inactive": {
      const end = endOf(newestOf(history));
      if (end !== undefined) return { state: "stopped", since: end };
      return { state: history?.phases.length === 0 ? "never-started" : "stopped" };
    }
    default:
      return { state: "unknown" };
  }
};

/** How often systemd started it again by itself, as far as the journal that was read tells. */
export const restartsOf = ({ invocations }: VmJournal): number =>
  invocations
    .filter(({ restart }) => restart !== undefined)
    .reduce((count, start) => count + beginsOf([start]).length, 0);

const stateInJournal = (
  { vm, history, journal }: UnitStateInput,
  phase: Phase | undefined,
): UnitStateFacts => {
  if (history === undefined || journal === undefined) return { state: "unknown" };
  const newest = newestOf(history);
  const refused = journal.failedJobs.findLast(
    ({ unit }) => OWN_UNIT.test(unit) && vmOfUnit(unit) === vm,
  );
  if (refused !== undefined && refused.ref.time >= (newest?.last.time ?? 0))
    return { state: "failed", since: refused.ref.time };
  if (newest === undefined || phase === undefined) return { state: "never-started" };
  if (history.running && phase.kind !== "silent")
    return phase.kind === "failing" && phase.loop !== undefined
      ? { state: "looping", since: phase.start }
      : { state: "running", since: newest.first.time };
  const end = endOf(newest);
  if (!hasFailed(newest) || newest.stopping !== undefined || isStopped(phase))
    return { state: "stopped", ...at(end) };
  return newest.restart !== undefined && phase.kind === "failing"
    ? { state: "looping", since: phase.start }
    : { state: "failed", ...at(end) };
};

const OWN_UNIT = /^microvm@.+\.service$/u;

const isStopped = ({ reasons }: Phase): boolean => reasons.some(({ kind }) => kind === "stopped");

const newestOf = (history: History | undefined): Invocation | undefined =>
  history?.phases.findLast(({ starts }) => starts.length > 0)?.starts.at(-1);

const endOf = (start: Invocation | undefined): Micros | undefined => {
  if (start === undefined) return undefined;
  const end = endOfStart(start) ?? start.last.time;
  return micros(Math.max(end, start.alike?.last ?? 0));
};

const at = (since: Micros | undefined): { readonly since?: Micros } =>
  since === undefined ? {} : { since };
