import type { NextStart, Stop, VmDiagnosis } from "../diagnosis/finding.ts";
import { evidenceNumbers, type EvidenceNumbers } from "./evidence-numbers.ts";
import { page, type Page, type PageOptions } from "./page.ts";
import type { Report } from "./report.ts";
import { coverage, evidenceList, findingList, optionList, suppressedList, ways } from "./text.ts";
import { plain, sentence, withoutVms } from "./words.ts";

/** Whether the next start of each VM would get its secrets, and where each would stop. */
export const renderCheck = (report: Report, options: PageOptions): string => {
  const out = page(options);
  const numbers = evidenceNumbers(report.diagnosis.ledger);
  for (const [index, vm] of report.diagnosis.vms.entries()) {
    if (index > 0) out.line("");
    nextStart(out, vm, report, numbers);
  }
  if (report.diagnosis.vms.length === 0) out.paragraph(withoutVms(report.diagnosis), "", "  ");
  evidenceList(out, numbers, report.zone);
  coverage(out, report.diagnosis, report);
  return out.text();
};

export const ANSWER: Readonly<Record<NextStart["prediction"], string>> = {
  yes: "the next start would get its secrets",
  no: "the next start would NOT get its secrets",
  unknown: "whether the next start would get its secrets is UNKNOWN",
  "none-wanted": "no secret is wanted, and nothing stands in the way of a start",
};

const nextStart = (
  out: Page,
  { vm, nextStart: next }: VmDiagnosis,
  { diagnosis, zone }: Report,
  numbers: EvidenceNumbers,
): void => {
  const { paint } = out;
  const host = diagnosis.host === undefined ? "" : ` on ${plain(diagnosis.host.name)}`;
  const colour =
    next.prediction === "no"
      ? paint.red
      : next.prediction === "unknown"
        ? paint.yellow
        : paint.green;
  out.paragraph(`${paint.bold(vm)}${host}: ${colour.bold(ANSWER[next.prediction])}`, "", "  ");
  if (next.stops.length === 0) out.paragraph(sentence(next.basis, zone), "  ");
  for (const stop of next.stops) out.paragraph(stopLine(stop), "  ", "    ");
  ways(out, next.stages);
  findingList(out, next.findings, numbers, zone);
  optionList(out, next);
  suppressedList(out, next, diagnosis);
};

/** `api-key would stop at access: /run/secrets/api-key [access/file-mode]` */
export const stopLine = ({ secret, stage, component, rule }: Stop): string =>
  `${plain(secret)} would stop at ${stage}${component === undefined ? "" : `: ${plain(component)}`}${rule === undefined ? "" : ` [${rule}]`}`;
