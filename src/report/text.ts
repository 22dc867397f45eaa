import type { VmDiagnosis } from "../diagnosis/finding.ts";
import { page } from "./page.ts";
import { hostName, type Report } from "./report.ts";
import { answer, briefLine, isWorthAnOverview, overview, worstFirst } from "./text/answer.ts";
import { findingList } from "./text/findings.ts";
import { optionList, suppressedList } from "./text/options.ts";
import { sources } from "./text/sources.ts";
import { everWorked, hypotheses, story, transitions } from "./text/story.ts";
import { telling, type Telling, type TextOptions } from "./text/telling.ts";
import { ways } from "./text/ways.ts";
import { withoutVms } from "./words.ts";

export { answerLines } from "./text/answer.ts";
export { optionLetter } from "./text/options.ts";

/** The diagnosis for a terminal: the answer first, then the way of the secrets, the findings, what to do, and the story. */
export const renderText = (report: Report, options: TextOptions): string => {
  const { diagnosis } = report;
  if (options.brief === true) return renderBrief(report, options);
  const tell = telling(report, options);
  const { out } = tell;
  if (diagnosis.vms.length === 0) out.paragraph(withoutVms(diagnosis), "", "  ");
  if (isWorthAnOverview(diagnosis)) overview(out, report);
  for (const [index, vm] of worstFirst(diagnosis.vms).entries()) {
    if (index > 0) out.line();
    vmReport(tell, vm, report);
  }
  sources(tell, report);
  return out.text();
};

const renderBrief = (report: Report, options: TextOptions): string => {
  const out = page(options);
  const { vms } = report.diagnosis;
  for (const vm of vms) briefLine(out, vm, report);
  if (vms.length === 0) out.line(`${hostName(report)}: ${withoutVms(report.diagnosis)}`);
  return out.text();
};

const vmReport = (tell: Telling, vm: VmDiagnosis, report: Report): void => {
  const { out } = tell;
  answer(tell, vm, report);
  ways(out, vm.stages);
  everWorked(tell, vm);
  findingList(tell, vm.findings);
  optionList(out, vm);
  story(tell, vm);
  if (vm.status !== "healthy") {
    transitions(tell, vm);
    hypotheses(tell, vm);
  }
  suppressedList(out, vm, report.diagnosis);
};
