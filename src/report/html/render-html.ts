import type { VmDiagnosis } from "../../diagnosis/finding.ts";
import { ANSWER, stopLine } from "../check-text.ts";
import { eachHost } from "../each-host.ts";
import type { EvidenceNumbers } from "../evidence-numbers.ts";
import { hostName, type Report, type Reports } from "../report.ts";
import { HEADINGS, rowOf } from "../vm-rows.ts";
import { withoutVms } from "../words.ts";
import { answer } from "./answer.ts";
import { coverage, suppressedList } from "./coverage.ts";
import { allEvidence } from "./evidence.ts";
import { findingList } from "./findings.ts";
import { listTable } from "./list.ts";
import { markup, type SafeHtml } from "./markup.ts";
import { optionList } from "./options.ts";
import { document } from "./page.ts";
import { phaseList } from "./phases.ts";
import { prose, timeOf } from "./prose.ts";
import { changes, questions } from "./questions.ts";
import { secretWays } from "./secret-way.ts";
import { badge } from "./shapes.ts";
import { placesOf, type Telling } from "./telling.ts";
import { eventTable, timelineFigure } from "./timeline.ts";

/** The diagnosis of all hosts as one page. */
export const renderHtml = (reports: Reports): string =>
  pageOf(reports, "Root cause analysis", ({ findings }) => findings, diagnosis);

/** What happened, as one page. */
export const renderTimelineHtml = (reports: Reports): string =>
  pageOf(reports, "Timeline", () => [], story);

/** The prediction as one page. */
export const renderCheckHtml = (reports: Reports): string =>
  pageOf(reports, "The next start", ({ nextStart }) => nextStart.findings, prediction);

/** The VMs and how they are, as one page. */
export const renderListHtml = (reports: Reports): string =>
  document({
    title: `VMs of ${reports.map(hostName).join(", ")}`,
    body: markup`${head("VMs", reports)}<main id="main">
${reports.map((report) => markup`${nameOfHost(report, reports)}${listTable(report)}`)}</main>
`,
  });

type Part = (telling: Telling) => SafeHtml;

const pageOf = (
  reports: Reports,
  subject: string,
  findingsOf: (vm: VmDiagnosis) => VmDiagnosis["findings"],
  part: Part,
): string => {
  let vms = 0;
  const keyed = (report: Report, numbers: EvidenceNumbers): readonly Telling[] =>
    report.diagnosis.vms.map((vm) => {
      vms += 1;
      const key = `v${vms}`;
      return { report, numbers, vm, key, placeOf: placesOf(key, findingsOf(vm)) };
    });
  const hosts = eachHost(reports, (report, numbers) => {
    const tellings = keyed(report, numbers);
    return markup`${nameOfHost(report, reports)}${
      tellings.length === 1
        ? ""
        : overview(report, (vm) => tellings.find((one) => one.vm === vm)?.key)
    }${tellings.map((telling) => markup`<article id="${telling.key}">\n${part(telling)}</article>\n`)}${allEvidence(numbers, report.zone)}${coverage(report, numbers)}`;
  });
  return document({
    title: titleOf(subject, reports),
    body: markup`${head(subject, reports)}<main id="main">
${hosts}</main>
`,
  });
};

const titleOf = (subject: string, reports: Reports): string => {
  const vms = reports.flatMap(({ diagnosis }) => diagnosis.vms);
  const [first] = vms;
  const hosts = reports.map(hostName).join(", ");
  return first !== undefined && vms.length === 1
    ? `${first.vm}: ${first.status} - ${subject} of ${hosts}`
    : `${subject} of ${hosts}`;
};

const head = (subject: string, reports: Reports): SafeHtml => {
  const [{ generatedAt, zone }] = reports;
  return markup`<a class="skip" href="#main">To the content</a>
<header>
<h1>${subject}</h1>
<p>${reports.map(hostName).join(", ")} | report of ${timeOf(generatedAt, zone)} | mvdoctor</p>
</header>
`;
};

const nameOfHost = (report: Report, { length }: Reports): SafeHtml =>
  length === 1 ? markup`` : markup`<h2 class="host">Host ${hostName(report)}</h2>\n`;

/** A row for each VM, with a link to where the page tells of it. */
const overview = (report: Report, keyOf: (vm: VmDiagnosis) => string | undefined): SafeHtml => {
  const { vms } = report.diagnosis;
  if (vms.length === 0) return markup`<p>${withoutVms(report.diagnosis)}</p>\n`;
  return markup`<div class="wide" tabindex="0" role="region" aria-label="VMs of ${hostName(report)}"><table class="overview">
<thead><tr>${HEADINGS.map((heading) => markup`<th scope="col">${heading}</th>`)}</tr></thead>
<tbody>
${vms.map((vm) => {
  const [name = "", , ...others] = rowOf(vm, report);
  const key = keyOf(vm);
  return markup`<tr><th scope="row">${key === undefined ? name : markup`<a href="#${key}">${name}</a>`}</th><td>${badge(vm.status)}</td>${others.map((text) => markup`<td>${text}</td>`)}</tr>\n`;
})}</tbody>
</table></div>
`;
};

const diagnosis = (telling: Telling): SafeHtml => {
  const { vm, key } = telling;
  return markup`<h2>${vm.vm}</h2>
${answer(telling)}${contents([
    [vm.stages.length > 0, `${key}-way`, "The way of each secret"],
    [true, `${key}-story`, "What happened"],
    [true, `${key}-findings`, "Findings"],
    [vm.options.length > 0, `${key}-options`, "What to do"],
    [vm.status !== "healthy" && vm.hypotheses.length > 0, `${key}-questions`, "What is not proven"],
  ])}${secretWays(vm, telling)}<section>
<h3 id="${key}-story">What happened</h3>
${timelineFigure(telling)}${eventTable(telling, { isOpen: false })}${phaseList(telling)}</section>
${findingList(vm.findings, telling)}${vm.status === "healthy" ? "" : changes(telling)}${optionList(vm, telling)}${questions(telling)}${suppressedList(vm.suppressed, telling)}`;
};

const contents = (
  parts: readonly (readonly [isThere: boolean, place: string, title: string])[],
): SafeHtml =>
  markup`<nav aria-label="Parts"><ul>
${parts.filter(([isThere]) => isThere).map(([, place, title]) => markup`<li><a href="#${place}">${title}</a></li>\n`)}</ul></nav>
`;

const story = (telling: Telling): SafeHtml =>
  markup`<h2>${telling.vm.vm}</h2>
<p class="status">${badge(telling.vm.status)}</p>
${timelineFigure(telling)}${eventTable(telling, { isOpen: true })}<h3>The phases</h3>
${phaseList(telling)}`;

const prediction = (asked: Telling): SafeHtml => {
  const { vm } = asked;
  const next = vm.nextStart;
  // This page tells of no phases, so that nothing may lead to one.
  const telling: Telling = { ...asked, vm: { ...vm, phases: [] } };
  return markup`<h2>${vm.vm}: ${ANSWER[next.prediction]}</h2>
${
  next.stops.length === 0
    ? markup`<p>${prose(next.basis, telling)}</p>\n`
    : markup`<ul class="answers">\n${next.stops.map((stop) => markup`<li>${prose(stopLine(stop), telling)}</li>\n`)}</ul>\n`
}${secretWays(next, telling)}${findingList(next.findings, telling)}${optionList(next, telling)}${suppressedList(next.suppressed, telling)}`;
};
