import type { StartMark, TimelineRow } from "../../diagnosis/finding.ts";
import { formatClock, formatDuration, formatTime } from "../../time/format-time.ts";
import type { Micros } from "../../vocabulary.ts";
import { wordsOf } from "../timeline-text.ts";
import { plain } from "../words.ts";
import { markup, type SafeHtml } from "./markup.ts";
import { phasePlace } from "./telling.ts";
import type { Scene, Span } from "./timeline-scene.ts";
import { ticksOf } from "./timeline-ticks.ts";

/** Where a lane begins and how high it is, in pixels; its name stands above it. */
const LANES = {
  phases: { y: 34, height: 32 },
  starts: { y: 90, height: 30 },
  host: { y: 146, height: 22 },
  vm: { y: 194, height: 22 },
  journal: { y: 242, height: 10 },
} as const;
const HEIGHT = 258;

export interface Drawing {
  readonly scene: Scene;
  readonly zone: string;
  /** The VM's part of ids. */
  readonly key: string;
  readonly name: string;
}

/**
 * A scene as a drawing that is as wide as its place: what lies on the axis of time is placed in hundredths of the width (class `at`), which a
 * script can place anew to zoom; letters and heights stay as they are.
 */
export const timelineSvg = (drawing: Drawing): SafeHtml => {
  const { scene, zone, name } = drawing;
  return markup`<svg class="timeline" width="100%" height="${HEIGHT}" role="group" aria-label="Timeline of ${name}, ${formatTime(scene.from, zone)} to ${formatTime(scene.to, zone)}" data-from="${scene.from}" data-to="${scene.to}" data-zone="${zone}">
<g class="ticks" aria-hidden="true">
${ticksOf(scene.from, scene.to, zone).map(({ time, clock: shown, day }, index) => {
  const x = percent(time, scene);
  return markup`<line class="at" x1="${x}" x2="${x}" y1="28" y2="${HEIGHT}"/><text class="at" x="${x}" y="24" text-anchor="middle">${shown}</text>${dayName(day, index === 0, x)}\n`;
})}</g>
${phases(drawing)}${laneName("starts", "Starts")}<g aria-hidden="true">
${starts(drawing)}</g>
${laneName("host", "Host and operator")}${laneName("vm", "VM and guest")}<g aria-hidden="true">
${scene.events.map((row) => event(row, drawing))}</g>
${laneName("journal", "Journal")}<g aria-hidden="true">
${scene.covered.map((span) => journal("covered", "The journal has entries", span, drawing))}${scene.holes.map((span) => journal("hole", "The journal lacks entries", span, drawing))}</g>
</svg>
`;
};

/** The first day stands at the very left, where it has room on a narrow screen, too. */
const dayName = (day: string | undefined, isFirst: boolean, x: string): SafeHtml => {
  if (day === undefined) return markup``;
  return isFirst
    ? markup`<text x="2" y="11">${day}</text>`
    : markup`<text class="at" x="${x}" y="11" text-anchor="middle">${day}</text>`;
};

const laneName = (lane: keyof typeof LANES, name: string): SafeHtml =>
  markup`<text class="lane" x="2" y="${LANES[lane].y - 6}" aria-hidden="true">${name}</text>\n`;

/** Six digits behind the point are a third of a millisecond in an hour. */
const percent = (time: Micros, { from, to }: Scene): string =>
  `${Number((((time - from) / (to - from)) * 100).toFixed(6))}%`;

/** How much of the width a span takes, whatever of it lies on the axis. */
const width = (since: Micros, until: Micros, { from, to }: Scene): string =>
  `${Number(((Math.max(0, until - since) / (to - from)) * 100).toFixed(6))}%`;

const phases = ({ scene, zone, key }: Drawing): readonly SafeHtml[] =>
  scene.phases.map((phase) => {
    const x = percent(phase.start, scene);
    const wide = width(phase.start, phase.end, scene);
    const { y, height } = LANES.phases;
    const title = `Phase ${phase.index}: ${plain(phase.title)}, ${clock(phase.start, zone)} to ${clock(phase.end, zone)} (${formatDuration(phase.end - phase.start)})`;
    return markup`<rect class="at ground ${phase.kind}" x="${x}" width="${wide}" y="${y}" height="${HEIGHT - y}"/><a href="#${phasePlace(key, phase.index)}" aria-label="${title}"><svg class="at phase ${phase.kind}" x="${x}" width="${wide}" y="${y}" height="${height}"><title>${title}</title><rect class="back" width="100%" height="100%"/><rect class="fill" width="100%" height="100%"/><text x="6" y="21">${phase.index} ${plain(phase.title)}</text></svg><line class="at edge ${phase.kind}" x1="${x}" x2="${x}" y1="${y}" y2="${y + height}"/></a>
`;
  });

const starts = ({ scene, zone }: Drawing): readonly SafeHtml[] => {
  const { y, height } = LANES.starts;
  if (scene.starts.kind === "marks")
    return scene.starts.marks.map((start) => {
      const top = start.outcome === "failed" ? y : y + height / 2;
      const x = percent(start.time, scene);
      return markup`<g class="start ${start.outcome}"><title>${startTitle(start, zone)}</title><rect class="at" x="${x}" width="${width(start.time, start.end, scene)}" y="${top}" height="${y + height - top}"/><line class="at" x1="${x}" x2="${x}" y1="${top}" y2="${y + height}"/></g>
`;
    });
  const { most, spans } = scene.starts;
  return spans.map((span) => {
    const x = percent(span.since, scene);
    const wide = width(span.since, span.until, scene);
    const all = (span.starts / most) * height;
    const failed = (span.failed / most) * height;
    return markup`<g class="span"><title>${clock(span.since, zone)} to ${clock(span.until, zone)}: ${span.starts} starts, ${span.failed} failed</title><rect class="at other" x="${x}" width="${wide}" y="${pixels(y + height - all)}" height="${pixels(all - failed)}"/><rect class="at failed" x="${x}" width="${wide}" y="${pixels(y + height - failed)}" height="${pixels(failed)}"/></g>
`;
  });
};

const pixels = (value: number): number => Number(value.toFixed(2));

const startTitle = (start: StartMark, zone: string): string => {
  const at = `Start at ${formatClock(start.time, zone, { precision: "milliseconds" })}`;
  const lived =
    start.until === undefined ? "" : ` after ${formatDuration(start.until - start.time)}`;
  switch (start.outcome) {
    case "failed":
      return `${at}: failed${lived}`;
    case "ended":
      return `${at}: ended${lived}, not failed`;
    case "running":
      return `${at}: goes on to the end`;
    case "no-end":
      return `${at}: the journal holds no end of it`;
  }
};

type EventKind = Exclude<TimelineRow["kind"], "start" | "loop">;

/** The lane of each kind, and its shape around the middle. */
const EVENTS: Readonly<
  Record<EventKind, { readonly lane: "host" | "vm"; readonly shape: string }>
> = {
  host: { lane: "host", shape: "M0-7 7 0 0 7-7 0Z" },
  operator: { lane: "host", shape: "M0-7 7 6H-7Z" },
  secrets: { lane: "host", shape: "M-5-5H5V5H-5Z" },
  guest: { lane: "vm", shape: "M-6 0A6 6 0 1 0 6 0 6 6 0 1 0-6 0" },
  end: { lane: "vm", shape: "M-5-5 5 5M5-5-5 5" },
  skipped: { lane: "vm", shape: "M-6 0H6M0-6V6" },
};

/** The shape of a kind of event, for the legend, too. */
export const eventShape = (kind: EventKind): SafeHtml =>
  markup`<path class="event ${kind}" d="${EVENTS[kind].shape}"/>`;

const event = (row: TimelineRow, { scene, zone }: Drawing): SafeHtml => {
  if (row.kind === "start" || row.kind === "loop") return markup``;
  const { y, height } = LANES[EVENTS[row.kind].lane];
  return markup`<svg class="at spot" x="${percent(row.time, scene)}" y="${y + height / 2}"><title>${clock(row.time, zone)} ${row.kind}: ${wordsOf(row, zone)}</title>${eventShape(row.kind)}</svg>
`;
};

const journal = (kind: string, words: string, span: Span, { scene, zone }: Drawing): SafeHtml => {
  const { y, height } = LANES.journal;
  const from = span.since < scene.from ? scene.from : span.since;
  const to = span.until > scene.to ? scene.to : span.until;
  return from > to
    ? markup``
    : markup`<g class="journal ${kind}"><title>${words}: ${formatTime(span.since, zone)} to ${formatTime(span.until, zone)}</title><rect class="at" x="${percent(from, scene)}" width="${width(from, to, scene)}" y="${y}" height="${height}"/></g>
`;
};

const clock = (time: Micros, zone: string): string =>
  formatClock(time, zone, { precision: "seconds" });
