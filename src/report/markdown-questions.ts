import type { Hypothesis, VmDiagnosis } from "../diagnosis/finding.ts";
import type { Emoji } from "./emoji.ts";
import type { EvidenceNumbers } from "./evidence-numbers.ts";
import { argument } from "./markdown-evidence.ts";
import { code, prose } from "./markdown-text.ts";
import { sentence } from "./words.ts";

export interface Telling {
  readonly zone: string;
  readonly numbers: EvidenceNumbers;
  readonly emoji: Emoji;
}

/** What the evidence leaves open: first who made the runner of an earlier phase, then the rest. */
export const questionBlocks = (vm: VmDiagnosis, telling: Telling): readonly string[] => {
  if (vm.status === "healthy") return [];
  return [
    ...section("Source of the earlier runner", vm.hypotheses.filter(isOrigin), telling),
    ...section(
      "What is not proven",
      vm.hypotheses.filter((one) => !isOrigin(one)),
      telling,
    ),
  ];
};

const isOrigin = ({ topic }: Hypothesis): boolean => topic === "earlier-runner";

const section = (
  title: string,
  hypotheses: readonly Hypothesis[],
  telling: Telling,
): readonly string[] =>
  hypotheses.length === 0
    ? []
    : [
        `## ${title}`,
        ...[...new Set(hypotheses.map(({ question }) => question))].flatMap((question) => [
          `### ${prose(sentence(question, telling.zone))}`,
          ...hypotheses
            .filter((one) => one.question === question)
            .map((one) => possibility(one, telling)),
        ]),
      ];

const possibility = (one: Hypothesis, { zone, numbers, emoji }: Telling): string =>
  [
    `- ${emoji.claim(one.state)}**${capital(one.state)}:** ${prose(sentence(one.claim, zone))}`,
    ...one.for.map((each) => `  - for: ${argument(each, numbers, zone)}`),
    ...one.against.map((each) => `  - against: ${argument(each, numbers, zone)}`),
    `  - decide by: ${code(one.decideBy)}`,
  ].join("\n");

/** A word with a capital letter. */
export const capital = (word: string): string => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
