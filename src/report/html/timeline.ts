import type { TimelineRow } from "../../diagnosis/finding.ts";
import { formatClock, formatTime } from "../../time/format-time.ts";
import { ends } from "../shortened.ts";
import { wordsOf } from "../timeline-text.ts";
import { plain } from "../words.ts";
import { markup, type Content, type SafeHtml } from "./markup.ts";
import { codeText, timeOf } from "./prose.ts";
import { phaseLink, type Telling } from "./telling.ts";
import { sceneOf } from "./timeline-scene.ts";
import { eventShape, timelineSvg } from "./timeline-svg.ts";

/** The story as a drawing, with what its shapes mean and what is not in it. */
export const timelineFigure = ({ vm, report, key }: Telling): SafeHtml => {
  const scene = sceneOf(vm, report);
  if (scene === undefined)
    return markup`<p>No start of this VM is in the journal that could be read.</p>\n`;
  const { zone } = report;
  return markup`<figure class="zoomable">
<div class="zoom" role="group" aria-label="Zoom" hidden>Zoom <button type="button" value="in">In</button> <button type="button" value="out">Out</button> <button type="button" value="left">Earlier</button> <button type="button" value="right">Later</button> <button type="button" value="all">Whole</button></div>
${timelineSvg({ scene, zone, key, name: vm.vm })}<p class="readout" hidden>Point at the drawing to read it. Ctrl and the wheel zoom, dragging moves it.</p>
<figcaption>Times of ${zone}.${scene.leftOut.map((sentence) => ` ${sentence}`)} ${LEGEND}</figcaption>
</figure>
`;
};

const sample = (name: string, shape: SafeHtml): SafeHtml =>
  markup`<span class="sample"><svg class="timeline" aria-hidden="true" width="18" height="14">${shape}</svg> ${name}</span> `;

const at = (shape: Content): SafeHtml => markup`<svg class="spot" x="9" y="7">${shape}</svg>`;

const box = (kind: string): SafeHtml =>
  markup`<g class="phase ${kind}"><rect class="back" width="18" height="14"/><rect class="fill" width="18" height="14"/></g>`;

const LEGEND: SafeHtml = markup`<span class="legend">${sample("failing", box("failing"))}${sample("running", box("running"))}${sample("nothing ran", box("silent"))}${sample("start that failed", markup`<g class="start failed"><rect x="6" width="6" height="14"/></g>`)}${sample("other start", markup`<g class="start ended"><rect x="6" width="6" y="7" height="7"/></g>`)}${sample("host", at(eventShape("host")))}${sample("operator", at(eventShape("operator")))}${sample("secrets", at(eventShape("secrets")))}${sample("guest", at(eventShape("guest")))}${sample("end or stop", at(eventShape("end")))}${sample("start skipped", at(eventShape("skipped")))}${sample("journal", markup`<g class="journal covered"><rect y="3" width="18" height="8"/></g>`)}${sample("lack of entries", markup`<g class="journal hole"><rect y="3" width="18" height="8"/></g>`)}</span>`;

const MOST_ROWS = 400;

/** Everything that happened, row by row. */
export const eventTable = (
  telling: Telling,
  { isOpen }: { readonly isOpen: boolean },
): SafeHtml => {
  const { timeline } = telling.vm;
  if (timeline.length === 0) return markup``;
  const { first, leftOut, last } = ends(timeline, MOST_ROWS);
  return markup`<details class="events"${isOpen ? markup` open` : ""}>
<summary>${timeline.length} ${timeline.length === 1 ? "event" : "events"}, row by row</summary>
<table>
<thead><tr><th scope="col">Time</th><th scope="col">Phase</th><th scope="col">What</th><th scope="col">Evidence</th></tr></thead>
<tbody>
${rows(first, telling)}${leftOut === 0 ? "" : markup`<tr class="left-out"><td colspan="4">${leftOut} events are left out here; <code>mvdoctor timeline</code> has all.</td></tr>\n`}${rows(last, telling)}</tbody>
</table>
</details>
`;
};

const rows = (some: readonly TimelineRow[], telling: Telling): readonly SafeHtml[] => {
  const { zone } = telling.report;
  const dayOf = (row: TimelineRow | undefined): string =>
    row === undefined ? "" : formatTime(row.time, zone).replace(/ \S+ /u, " ");
  return some.map((row, index) => {
    const day = dayOf(row);
    const id = telling.numbers.idOf(row.evidence);
    return markup`${
      day === dayOf(some[index - 1])
        ? ""
        : markup`<tr class="day"><th colspan="4" scope="colgroup">${day}</th></tr>\n`
    }<tr class="${row.kind}"><td>${timeOf(row.time, zone, clock(row.time, zone))}</td><td>${
      row.phase === undefined ? "" : phaseLink(row.phase, telling)
    }</td><td><span class="kind">${row.kind}</span> ${codeText(wordsOf(row, zone))}${quoteOf(row)}</td><td><a href="#${id}">${id}</a></td></tr>
`;
  });
};

/** What a loop says again and again. */
const quoteOf = ({ loop, evidence }: TimelineRow): SafeHtml | undefined =>
  loop === undefined || evidence.kind !== "journal"
    ? undefined
    : markup`<br><code class="line">${codeText(plain(evidence.text))}</code>`;

const clock = (time: TimelineRow["time"], zone: string): string =>
  formatClock(time, zone, { precision: "seconds" });
