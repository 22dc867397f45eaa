import type { VmDiagnosis } from "../diagnosis/finding.ts";
import { STAGES } from "../vocabulary.ts";
import type { Emoji } from "./emoji.ts";
import type { EvidenceNumbers } from "./evidence-numbers.ts";
import { cites } from "./markdown-evidence.ts";
import { cell, list, prose } from "./markdown-text.ts";
import { causesDiagram } from "./mermaid-causes.ts";
import type { Report } from "./report.ts";
import { suppressedHeadline, suppressionLine } from "./suppressed.ts";
import { sentence } from "./words.ts";

/** A row for each secret, a column for each stage. */
export const stageTable = (
  { stages: rows }: Pick<VmDiagnosis, "stages">,
  emoji: Emoji,
): readonly string[] =>
  rows.length === 0
    ? []
    : [
        "## The way of each secret",
        [
          `| secret | ${STAGES.join(" | ")} |`,
          `|---|${STAGES.map(() => "---|").join("")}`,
          ...rows.map(
            ({ secret, stages: states }) =>
              `| ${cell(secret)} | ${STAGES.map((stage) => `${emoji.stage(states[stage])}${states[stage] === "broken" ? "**broken**" : states[stage]}`).join(" | ")} |`,
          ),
        ].join("\n"),
      ];

/** What caused what, and each finding with its explanation, its evidence and what caused it. */
export const why = (
  vm: Pick<VmDiagnosis, "findings">,
  numbers: EvidenceNumbers,
  zone: string,
): readonly string[] =>
  vm.findings.length === 0
    ? ["## Findings", "None."]
    : [
        "## Why",
        ...causesDiagram(vm, zone),
        ...vm.findings.flatMap((finding) => [
          `### ${prose(sentence(finding.title, zone))}`,
          [
            `\`${finding.id}\``,
            finding.role,
            finding.repaired ? "repaired since" : `${finding.severity}, ${finding.certainty}`,
            ...(finding.scope.phase === undefined ? [] : [`phase ${finding.scope.phase}`]),
          ].join(" | "),
          `${prose(sentence(finding.explanation, zone))}${cites(finding.evidence, numbers)}`,
          ...(finding.causedBy.length === 0
            ? []
            : [list(finding.causedBy.map(({ id, how }) => `caused by \`${id}\`: ${how}`))]),
        ]),
      ];

/** What does not count, because a configuration says so: it stays countable. */
export const suppressedBlocks = (
  { suppressed }: Pick<VmDiagnosis, "suppressed">,
  { suppressions }: Report["diagnosis"],
): readonly string[] =>
  suppressed.length === 0 || suppressions === undefined
    ? []
    : [
        "## Suppressed",
        `${prose(suppressedHeadline(suppressed.length, suppressions.file))}:`,
        list(suppressed.map((one) => prose(suppressionLine(one)))),
      ];
