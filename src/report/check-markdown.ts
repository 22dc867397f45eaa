import type { VmDiagnosis } from "../diagnosis/finding.ts";
import { ANSWER, stopLine } from "./check-text.ts";
import { evidenceNumbers, type EvidenceNumbers } from "./evidence-numbers.ts";
import { prose } from "./markdown-text.ts";
import { evidence, notAsked, optionBlocks, stageTable, suppressedBlocks, why } from "./markdown.ts";
import type { Report } from "./report.ts";
import { sentence, withoutVms } from "./words.ts";

/** The prediction as a page. */
export const renderCheckMarkdown = (report: Report): string => {
  const blocks = report.diagnosis.vms.flatMap((vm) => {
    const numbers = evidenceNumbers(report.diagnosis.ledger);
    return [...nextStart(vm, numbers, report), ...evidence(numbers, report.zone)];
  });
  const all =
    blocks.length === 0
      ? [`# ${prose(withoutVms(report.diagnosis))}`]
      : [...blocks, ...notAsked(report)];
  return `${all.join("\n\n")}\n`;
};

const nextStart = (
  { vm, nextStart: next }: VmDiagnosis,
  numbers: EvidenceNumbers,
  { zone, diagnosis }: Report,
): readonly string[] => [
  `# ${prose(vm)}: ${ANSWER[next.prediction]}`,
  next.stops.length === 0
    ? prose(sentence(next.basis, zone))
    : next.stops.map((stop) => `- ${prose(stopLine(stop))}`).join("\n"),
  ...stageTable(next),
  ...why(next, numbers, zone),
  ...optionBlocks(next),
  ...suppressedBlocks(next, diagnosis),
];
