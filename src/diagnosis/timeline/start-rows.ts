import type { Invocation } from "../../evidence/journal.ts";
import type { Loop } from "../../facts/loops.ts";
import type { Phase } from "../../facts/history.ts";
import { beginsOf, endOfStart, guestSpoke, isWorthQuoting } from "../../facts/starts.ts";
import { counted } from "../../facts/wording.ts";
import { formatDuration } from "../../time/format-time.ts";
import type { TimelineRow } from "../finding.ts";

/** The starts of a phase: a loop as one row, or every start of it. */
export const phaseRows = ({ loop, starts }: Phase, everyStart: boolean): readonly TimelineRow[] => {
  if (loop === undefined || everyStart) return starts.flatMap(startRows);
  const looped = new Set(loop.starts);
  const single = starts.filter((start) => !looped.has(start));
  return [loopRow(loop), ...single.flatMap(startRows)];
};

const loopRow = (loop: Loop): TimelineRow => {
  const [first] = loop.starts;
  const last = loop.starts.at(-1) ?? first;
  const words = first.lines[0]?.ref ?? first.result?.ref ?? first.first;
  const until = endOfStart(last) ?? last.last.time;
  const failed = loop.failed === loop.count ? "all failed" : `${loop.failed} failed`;
  return {
    time: loop.first,
    until,
    kind: "loop",
    text: `${counted(loop.count, "start")}, one every ${formatDuration(loop.period)}, ${failed}: ${words.text}`,
    evidence: words,
    loop: {
      count: loop.count,
      period: loop.period,
      failed: loop.failed,
      density: densityOf(loop, until),
    },
  };
};

const MOST_PARTS = 48;

/** How many starts began in each part of the loop's time: two or more in a part of a steady loop, so that a gap shows. */
const densityOf = ({ starts, first, count }: Loop, until: number): readonly number[] => {
  const parts = Math.max(1, Math.min(MOST_PARTS, Math.floor(count / 2)));
  const density = Array.from({ length: parts }, () => 0);
  const whole = Math.max(1, until - first);
  for (const begin of beginsOf(starts)) {
    const part = Math.min(parts - 1, Math.max(0, Math.floor(((begin - first) / whole) * parts)));
    density[part] = (density[part] ?? 0) + 1;
  }
  return density;
};

const startRows = (start: Invocation): readonly TimelineRow[] => {
  const spoke = guestSpoke(start);
  return [
    start.started === undefined && !start.first.text.startsWith("Start")
      ? { time: start.first.time, kind: "start", text: "running already", evidence: start.first }
      : {
          time: start.first.time,
          kind: "start",
          text: "start",
          evidence: start.started ?? start.first,
        },
    ...start.lines.filter(isWorthQuoting).map(({ ref }): TimelineRow => ({
      time: ref.time,
      kind: spoke === undefined ? "start" : "guest",
      text: ref.text,
      evidence: ref,
    })),
    ...(start.alike?.begins ?? []).map((time): TimelineRow => ({
      time,
      kind: "start",
      text: "start",
      alike: true,
      evidence: start.started ?? start.first,
    })),
    ...(start.result === undefined
      ? []
      : [
          {
            time: start.result.ref.time,
            kind: "end",
            text: start.result.ref.text,
            evidence: start.result.ref,
          } as const,
        ]),
  ];
};
