import type { PhaseAccount, VmDiagnosis } from "../diagnosis/finding.ts";
import { formatTime } from "../time/format-time.ts";
import { micros, type Micros } from "../vocabulary.ts";
import { diagram, label } from "./mermaid-text.ts";
import { ends } from "./shortened.ts";

const MOST_PHASES = 24;
const DAY = 86_400_000_000;

/**
 * The phases as bars on one axis (a Gantt chart of Mermaid), up to the `last` entry of the journal. Mermaid knows no zones: it is given the
 * clock of the host, or UTC where that clock was changed in between.
 */
export const phasesDiagram = (
  { vm, phases }: Pick<VmDiagnosis, "vm" | "phases">,
  zone: string,
  last: Micros | undefined,
): readonly string[] => {
  const { first: shown, leftOut, last: shownToo } = ends(phases, MOST_PHASES);
  const [from] = phases;
  const to = phases.at(-1)?.end ?? last;
  if (from === undefined || to === undefined || phases.length < 2) return [];
  const [start, end] = [from.start, to].map((time) => formatTime(time, zone).slice(20));
  const clock = start === end ? zone : "UTC";
  const bars = (some: readonly PhaseAccount[]): readonly string[] =>
    some.flatMap((phase) => bar(phase, clock, to));
  return [
    diagram([
      "gantt",
      `    title Phases of ${label(vm)} (${label(clock)})`,
      "    dateFormat YYYY-MM-DD HH:mm:ss",
      `    axisFormat ${axisOf(to - from.start)}`,
      ...bars(shown),
      ...bars(shownToo),
    ]),
    ...(leftOut === 0 ? [] : [`The diagram leaves out ${leftOut} phases in the middle.`]),
  ];
};

const TAG: Readonly<Record<PhaseAccount["kind"], string>> = {
  failing: "crit",
  running: "active",
  silent: "done",
};

const bar = (phase: PhaseAccount, clock: string, last: Micros): readonly string[] => {
  const at = (time: Micros): string => formatTime(time, clock).slice(0, 19);
  // A bar without length is none.
  const end = micros(Math.max(phase.end ?? last, phase.start + 1_000_000));
  return [
    `    section Phase ${phase.index}`,
    `    ${label(phase.title)} :${TAG[phase.kind]}, ${at(phase.start)}, ${at(end)}`,
  ];
};

const axisOf = (span: number): string => {
  if (span < DAY / 24 / 4) return "%H:%M:%S";
  if (span < DAY) return "%H:%M";
  return span < 300 * DAY ? "%m-%d" : "%Y-%m";
};
