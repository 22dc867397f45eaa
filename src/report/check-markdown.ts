import type { VmDiagnosis } from "../diagnosis/finding.ts";
import { ANSWER, stopLine } from "./check-text.ts";
import { emojiOf } from "./emoji.ts";
import type { EvidenceNumbers } from "./evidence-numbers.ts";
import { notAsked } from "./markdown-coverage.ts";
import { evidence } from "./markdown-evidence.ts";
import { stageTable, suppressedBlocks, why } from "./markdown-findings.ts";
import { optionBlocks } from "./markdown-options.ts";
import type { Telling } from "./markdown-questions.ts";
import { prose } from "./markdown-text.ts";
import type { RenderOptions } from "./render.ts";
import type { Report } from "./report.ts";
import { sentence, withoutVms } from "./words.ts";

/** The prediction as a page. */
export const renderCheckMarkdown = (
  report: Report,
  numbers: EvidenceNumbers,
  options: RenderOptions,
): string => {
  const telling: Telling = { zone: report.zone, numbers, emoji: emojiOf(options.emoji === true) };
  const blocks = report.diagnosis.vms.flatMap((vm) => nextStart(vm, report, telling));
  const all =
    blocks.length === 0
      ? [`# ${prose(withoutVms(report.diagnosis))}`]
      : [...blocks, ...notAsked(report), ...evidence(numbers, report.zone)];
  return `${all.join("\n\n")}\n`;
};

const nextStart = (
  { vm, nextStart: next }: VmDiagnosis,
  { diagnosis }: Report,
  { zone, numbers, emoji }: Telling,
): readonly string[] => [
  `# ${prose(vm)}: ${ANSWER[next.prediction]}`,
  next.stops.length === 0
    ? prose(sentence(next.basis, zone))
    : next.stops.map((stop) => `- ${prose(stopLine(stop))}`).join("\n"),
  ...stageTable(next, emoji),
  ...why(next, numbers, zone),
  ...optionBlocks(next, emoji),
  ...suppressedBlocks(next, diagnosis),
];
