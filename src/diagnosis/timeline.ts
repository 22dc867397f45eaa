import type { Invocation, VmJournal } from "../evidence/journal.ts";
import type { Change, History, Phase } from "../facts/history.ts";
import { endOfStart, guestSpoke, isWorthQuoting } from "../facts/starts.ts";
import { counted } from "../facts/wording.ts";
import { formatDuration } from "../time/format-time.ts";
import type { TimelineRow } from "./finding.ts";

/** Everything of one VM's story on one axis; a crash loop is one row. */
export const timelineRows = (
  history: History,
  journal: VmJournal | undefined,
): readonly TimelineRow[] => {
  const rows = [
    ...history.changes.map(changeRow),
    ...history.phases.flatMap((phase) => phaseRows(phase)),
    ...(journal?.skipped ?? [])
      .filter(({ unit }) => unit.startsWith("microvm@"))
      .map(({ ref }): TimelineRow => ({
        time: ref.time,
        kind: "skipped",
        text: "systemd skipped the start: a condition did not hold",
        evidence: ref,
      })),
    ...(journal?.stops ?? [])
      .filter(({ unit }) => unit.startsWith("microvm@"))
      .map(({ ref }): TimelineRow => ({
        time: ref.time,
        kind: "end",
        text: ref.text,
        evidence: ref,
      })),
  ];
  return rows
    .toSorted((a, b) => a.time - b.time)
    .map((row) => {
      const phase = history.phases.findLast(({ start }) => start <= row.time);
      return phase === undefined ? row : { ...row, phase: phase.index };
    });
};

const changeRow = (change: Change): TimelineRow => {
  const { time, ref } = change;
  switch (change.kind) {
    case "switch":
      return {
        time,
        kind: "host",
        text: `switch to ${change.toplevel ?? "another system configuration"}`,
        evidence: ref,
      };
    case "install":
      return { time, kind: "host", text: "install-microvm runs", evidence: ref };
    case "relink":
      return { time, kind: "host", text: `current -> ${change.target}`, evidence: ref };
    case "operator":
      return { time, kind: "operator", text: `operator: ${change.command}`, evidence: ref };
    case "secrets":
      return { time, kind: "secrets", text: change.ref.text, evidence: change.ref };
  }
};

const phaseRows = (phase: Phase): readonly TimelineRow[] => {
  const { loop } = phase;
  const looped = new Set(loop?.starts);
  const single = phase.starts.filter((start) => !looped.has(start));
  return [...(loop === undefined ? [] : [loopRow(loop)]), ...single.flatMap(startRows)];
};

const loopRow = (loop: NonNullable<Phase["loop"]>): TimelineRow => {
  const [first] = loop.starts;
  const last = loop.starts.at(-1) ?? first;
  const words = first.lines[0]?.ref ?? first.result?.ref ?? first.first;
  return {
    time: loop.first,
    until: endOfStart(last) ?? last.last.time,
    kind: "loop",
    text: `${counted(loop.count, "start")}, one every ${formatDuration(loop.period)}, ${loop.failed} failed: ${words.text}`,
    evidence: words,
  };
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
