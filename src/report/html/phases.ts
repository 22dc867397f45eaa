import type { PhaseAccount } from "../../diagnosis/finding.ts";
import { formatClock, formatDuration } from "../../time/format-time.ts";
import { clockLine } from "../words.ts";
import { markup, type SafeHtml } from "./markup.ts";
import { cites, prose, timeOf } from "./prose.ts";
import { phasePlace, shownPhases, type Telling } from "./telling.ts";

/** The phases one by one, with what was configured, what came of it and the lines that show it. */
export const phaseList = (telling: Telling): SafeHtml => {
  const { first, leftOut, last } = shownPhases(telling.vm);
  return markup`<ol class="phases">
${first.map((phase) => block(phase, telling))}${
    leftOut === 0
      ? ""
      : markup`<li class="left-out">${leftOut} phases are left out here; <code>mvdoctor diagnose -o json</code> has all.</li>\n`
  }${last.map((phase) => block(phase, telling))}</ol>
`;
};

const block = (phase: PhaseAccount, telling: Telling): SafeHtml => {
  const { report, numbers, key } = telling;
  const { zone } = report;
  return markup`<li class="phase ${phase.kind}" id="${phasePlace(key, phase.index)}">
<h4><span class="number">${phase.index}</span> ${prose(phase.title, telling)}</h4>
<p class="span">${timeOf(phase.start, zone)} ${
    phase.end === undefined
      ? "to the end"
      : markup`to ${timeOf(phase.end, zone, formatClock(phase.end, zone, { precision: "seconds" }))} (${formatDuration(phase.end - phase.start)})`
  }</p>
${paragraph(phase.configuration, telling)}${
    phase.provenance === undefined
      ? ""
      : markup`<p>${prose(phase.provenance.text, telling)}${cites(phase.provenance.evidence, numbers)}</p>\n`
  }<p>${prose(phase.result, telling)}${cites(phase.evidence, numbers)}</p>
${
  phase.quotes.length === 0
    ? ""
    : markup`<pre tabindex="0"><code>${phase.quotes.map((quote) => clockLine(quote, zone)).join("\n")}</code></pre>\n`
}</li>
`;
};

const paragraph = (text: string, telling: Telling): SafeHtml =>
  text === "" ? markup`` : markup`<p>${prose(text, telling)}</p>\n`;
