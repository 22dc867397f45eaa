import type { Invocation } from "../evidence/journal.ts";
import type { History } from "../facts/history.ts";
import { endOfProcess, hasFailed } from "../facts/starts.ts";
import type { StartMark } from "./finding.ts";

/** Every start in order, with its end where that is held, and how it ended. */
export const startMarks = ({ phases, running }: History): readonly StartMark[] => {
  const starts = phases.flatMap((phase) => phase.starts);
  const newest = starts.at(-1);
  return starts
    .flatMap((start) => marksOf(start, running && start === newest))
    .toSorted((a, b) => a.time - b.time);
};

/** The start itself, and the rounds of a loop that went like it. */
const marksOf = (start: Invocation, isRunning: boolean): readonly StartMark[] => {
  const own = startMark(start, isRunning);
  const alike = start.alike?.begins ?? [];
  return [own, ...alike.map((time): StartMark => ({ time, outcome: own.outcome }))];
};

const startMark = (start: Invocation, isRunning: boolean): StartMark => {
  const time = start.first.time;
  if (isRunning) return { time, outcome: "running" };
  const until = endOfProcess(start);
  if (hasFailed(start))
    return { time, ...(until === undefined ? {} : { until }), outcome: "failed" };
  return until === undefined ? { time, outcome: "no-end" } : { time, until, outcome: "ended" };
};
