import { CELLS, HEADS } from "../list-cells.ts";
import { listNotes } from "../list.ts";
import { hostName, type Report } from "../report.ts";
import { withoutVms } from "../words.ts";
import { markup, type SafeHtml } from "./markup.ts";

/** A row for each VM of a list, what is broken first. */
export const listTable = (report: Report): SafeHtml => {
  const { glances } = report.diagnosis;
  if (glances.length === 0) return markup`<p>${withoutVms(report.diagnosis)}</p>\n`;
  return markup`<div class="wide" tabindex="0" role="region" aria-label="VMs of ${hostName(report)}"><table class="overview">
<thead><tr>${HEADS.map((heading) => markup`<th scope="col">${heading}</th>`)}</tr></thead>
<tbody>
${glances.map((glance) => {
  const [name = "", ...others] = CELLS.map((of) => of(glance));
  return markup`<tr><th scope="row">${name}</th>${others.map((text) => markup`<td>${text}</td>`)}</tr>\n`;
})}</tbody>
</table></div>
${listNotes(report).map((note) => markup`<p>${note}</p>\n`)}`;
};
