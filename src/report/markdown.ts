import type { VmDiagnosis } from "../diagnosis/finding.ts";
import { formatTime, formatUtc } from "../time/format-time.ts";
import { emojiOf } from "./emoji.ts";
import type { EvidenceNumbers } from "./evidence-numbers.ts";
import { coverage } from "./markdown-coverage.ts";
import { cites, evidence } from "./markdown-evidence.ts";
import { stageTable, suppressedBlocks, why } from "./markdown-findings.ts";
import { nextSteps, optionBlocks } from "./markdown-options.ts";
import { changeBlocks, timelineBlocks } from "./markdown-phases.ts";
import { capital, questionBlocks, type Telling } from "./markdown-questions.ts";
import { list, prose } from "./markdown-text.ts";
import type { RenderOptions } from "./render.ts";
import type { Report } from "./report.ts";
import { answerLines } from "./text.ts";
import { sentence, withoutVms } from "./words.ts";

/**
 * The incident write-up: timeline with quoted evidence, what changed, why, where the earlier runner came from, options, the answer, next
 * steps. GitHub and GitLab draw its diagrams (Mermaid) and its footnotes.
 */
export const renderMarkdown = (
  report: Report,
  numbers: EvidenceNumbers,
  options: RenderOptions,
): string => {
  const telling: Telling = { zone: report.zone, numbers, emoji: emojiOf(options.emoji === true) };
  const blocks = report.diagnosis.vms.flatMap((vm) => vmReport(vm, report, telling));
  return `${[
    ...head(report),
    ...blocks,
    ...coverage(report, numbers),
    ...evidence(numbers, report.zone),
  ].join("\n\n")}\n`;
};

const head = ({ diagnosis, zone, generatedAt }: Report): readonly string[] => {
  const host = diagnosis.host?.name;
  const { first, last, boots } = diagnosis.coverage;
  const subject =
    diagnosis.vms.length === 0
      ? withoutVms(diagnosis).replace(/\.$/u, "")
      : diagnosis.vms.map(({ vm }) => vm).join(", ");
  return [
    `# Root cause analysis: ${prose(subject)}${host === undefined ? "" : ` on ${prose(host)}`}`,
    list([
      `**Report of:** ${formatTime(generatedAt, zone)} (${formatUtc(generatedAt)})`,
      first === undefined || last === undefined
        ? "**Journal:** nothing of it could be read"
        : `**Journal:** ${formatTime(first, zone)} to ${formatTime(last, zone)}, ${boots.length} ${boots.length === 1 ? "boot" : "boots"}`,
      `**Times:** ${prose(zone)}${zone === "UTC" ? "" : ", with the offset from UTC; phases and evidence give UTC, too"}`,
      ...(diagnosis.complete
        ? []
        : ["**Incomplete:** what is not found here may still be there, see Coverage"]),
    ]),
  ];
};

const vmReport = (vm: VmDiagnosis, report: Report, telling: Telling): readonly string[] => {
  const { zone, numbers, emoji } = telling;
  const answers = answerLines(vm).map(withRule);
  const causes = answers.filter((line) => /^(?:Cause|Earlier) ?[:(]/u.test(line));
  return [
    ...(report.diagnosis.vms.length > 1 ? [`# ${prose(vm.vm)}`] : []),
    `**Status: ${emoji.status(vm.status)}${vm.status}**${vm.since === undefined ? "" : `, since ${formatTime(vm.since, zone)} as far as the journal tells`}`,
    list(answers),
    ...stageTable(vm, emoji),
    ...timelineBlocks(vm, report, numbers),
    ...changeBlocks(vm, numbers, zone),
    ...why(vm, numbers, zone),
    ...questionBlocks(vm, telling),
    ...optionBlocks(vm, emoji),
    ...suppressedBlocks(vm, report.diagnosis),
    "## Conclusion",
    `**Did a secret ever reach the guest? ${emoji.answer(vm.everWorked.answer)}${capital(vm.everWorked.answer)}.** ${prose(sentence(vm.everWorked.basis, zone))}${cites(vm.everWorked.evidence, numbers)}`,
    ...(causes.length === 0 ? [] : [list(causes)]),
    ...nextSteps(vm),
  ];
};

/** An answer's line with the rule that it ends with as code. */
const withRule = (line: string): string =>
  prose(line).replace(/\\\[(?<id>[a-z]+\/[a-z-]+)\\\]$/u, "`$<id>`");
