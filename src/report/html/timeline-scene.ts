import type { PhaseAccount, StartMark, TimelineRow, VmDiagnosis } from "../../diagnosis/finding.ts";
import { micros, type Micros } from "../../vocabulary.ts";
import type { Report } from "../report.ts";
import { ends } from "../shortened.ts";
import { shownPhases } from "./telling.ts";

/** What is drawn of a VM's story, with all that many of a kind could make endless cut to a bound. Times in microseconds. */
export interface Scene {
  readonly from: Micros;
  readonly to: Micros;
  readonly phases: readonly (PhaseAccount & { readonly end: Micros })[];
  /** One by one, or as a strip of spans where there are too many. */
  readonly starts:
    | { readonly kind: "marks"; readonly marks: readonly (StartMark & { readonly end: Micros })[] }
    | { readonly kind: "density"; readonly spans: readonly StartSpan[]; readonly most: number };
  readonly events: readonly TimelineRow[];
  readonly covered: readonly Span[];
  readonly holes: readonly Span[];
  /** What is not drawn, as sentences. */
  readonly leftOut: readonly string[];
}

export interface Span {
  readonly since: Micros;
  readonly until: Micros;
}

/** The starts in one piece of the axis. */
export interface StartSpan extends Span {
  readonly starts: number;
  readonly failed: number;
}

const MOST_STARTS = 300;
const SPANS = 200;
const MOST_EVENTS = 200;
const MOST_SPANS = 200;

/** The scene of one VM, whatever the order of its rows; `undefined` where nothing of it has a time. */
export const sceneOf = (
  vm: VmDiagnosis,
  { diagnosis: { coverage } }: Report,
): Scene | undefined => {
  const phases = vm.phases.toSorted((a, b) => a.start - b.start);
  const timeline = vm.timeline.toSorted((a, b) => a.time - b.time);
  const [first] = phases;
  if (first === undefined) return undefined;
  const last = [coverage.last, phases.at(-1)?.end, timeline.at(-1)?.time].flatMap(
    (time) => time ?? [],
  );
  const end = Math.max(first.start + SECOND, ...last);
  // What came shortly before the first start may be its reason; a switch of last month would leave the rest no room.
  const earliest = first.start - (end - first.start);
  const begin = Math.min(first.start, timeline.find(({ time }) => time >= earliest)?.time ?? end);
  const room = (end - begin) * 0.02;
  const [from, to] = [micros(begin - room), micros(end + room)];
  const isWithin = ({ time }: { readonly time: Micros }): boolean => time >= from && time <= to;
  const shown = shownPhases({ phases });
  const within = timeline.filter(isWithin);
  const events = ends(
    within.filter(({ kind }) => kind !== "start" && kind !== "loop"),
    MOST_EVENTS,
  );
  const all = vm.starts();
  const starts = all.filter(isWithin);
  const boots = ends(coverage.boots, MOST_SPANS);
  const holes = ends([...coverage.holes, ...coverage.sequenceHoles], MOST_SPANS);
  return {
    from,
    to,
    phases: [...shown.first, ...shown.last].map((phase) => ({
      ...phase,
      end: phase.end ?? micros(end),
    })),
    starts:
      starts.length > MOST_STARTS
        ? density(starts, from, to)
        : { kind: "marks", marks: starts.map((start) => withEnd(start, micros(end))) },
    events: [...events.first, ...events.last],
    covered: [...boots.first, ...boots.last].map((boot) => ({
      since: boot.first,
      until: boot.last,
    })),
    holes: [...holes.first, ...holes.last],
    leftOut: [
      ...told(shown.leftOut, "phase in the middle", "phases in the middle", "not drawn"),
      ...(starts.length > MOST_STARTS
        ? [
            `${starts.length} starts are drawn as ${SPANS} spans of time: the higher, the more starts began in it.`,
          ]
        : []),
      ...told(all.length - starts.length, "earlier start", "earlier starts", "not drawn"),
      ...told(events.leftOut, "event in the middle", "events in the middle", "not drawn"),
      ...told(
        timeline.length - within.length,
        "earlier event",
        "earlier events",
        "in the list, and not drawn",
      ),
      ...told(boots.leftOut, "boot in the middle", "boots in the middle", "not drawn"),
      ...told(
        holes.leftOut,
        "hole of the journal in the middle",
        "holes of the journal in the middle",
        "not drawn",
      ),
    ],
  };
};

const SECOND = 1_000_000;

const told = (count: number, one: string, many: string, rest: string): readonly string[] =>
  count === 0 ? [] : [`${count} ${count === 1 ? `${one} is` : `${many} are`} ${rest}.`];

/** Until when a start is drawn: its end, or to the end of all where it goes on. */
const withEnd = (start: StartMark, end: Micros): StartMark & { readonly end: Micros } => ({
  ...start,
  end: start.until ?? (start.outcome === "running" ? end : start.time),
});

const density = (starts: readonly StartMark[], from: Micros, to: Micros): Scene["starts"] => {
  const width = (to - from) / SPANS;
  const counts = Array.from({ length: SPANS }, () => ({ starts: 0, failed: 0 }));
  for (const { time, outcome } of starts) {
    const count = counts[Math.min(SPANS - 1, Math.max(0, Math.floor((time - from) / width)))];
    if (count === undefined) continue;
    count.starts += 1;
    if (outcome === "failed") count.failed += 1;
  }
  return {
    kind: "density",
    spans: counts
      .map((count, index) => ({
        ...count,
        since: micros(Math.round(from + index * width)),
        until: micros(Math.round(from + (index + 1) * width)),
      }))
      .filter((span) => span.starts > 0),
    most: Math.max(...counts.map((count) => count.starts)),
  };
};
