import type { Invocation } from "../evidence/journal.ts";
import type { History } from "../facts/history.ts";
import { endOfProcess, hasFailed } from "../facts/starts.ts";
import type { StartMark } from "./finding.ts";

/** Every start with its end and how it ended. */
export const startMarks = ({ phases, running }: History): readonly StartMark[] => {
  const starts = phases.flatMap((phase) => phase.starts);
  const newest = starts.at(-1);
  return starts.map((start) => startMark(start, running && start === newest));
};

const startMark = (start: Invocation, isRunning: boolean): StartMark => {
  const time = start.first.time;
  if (isRunning) return { time, outcome: "running" };
  const until = endOfProcess(start);
  if (hasFailed(start))
    return { time, ...(until === undefined ? {} : { until }), outcome: "failed" };
  return until === undefined ? { time, outcome: "no-end" } : { time, until, outcome: "ended" };
};
