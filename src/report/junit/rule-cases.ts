import type { Finding, RuleOutcome } from "../../diagnosis/finding.ts";
import { evidenceWords } from "../evidence-words.ts";
import type { JudgedVm, Judgement } from "../judged.ts";
import { nameOf } from "../knowledge-names.ts";
import type { Report } from "../report.ts";
import { suppressionLine } from "../suppressed.ts";
import { plain, sentence } from "../words.ts";
import { unknownResult, type Result, type TestCase } from "./test-case.ts";

/** A case for each rule, in the order of the catalogue. What `--fail-on` does not count is told, and fails nothing. */
export const ruleCases = (
  { findings, suppressed, outcomes }: JudgedVm,
  { zone }: Report,
  judgement: Judgement,
): readonly TestCase[] =>
  outcomes.map((outcome) => {
    const own = findings.filter(({ id }) => id === outcome.id);
    const failing = own.filter(({ severity }) => judgement.failing.includes(severity));
    const accepted = suppressed.filter(({ finding }) => finding.id === outcome.id);
    return {
      name: outcome.id,
      result:
        failing.length > 0
          ? failureOf(failing, zone)
          : own.length === 0 && accepted.length > 0
            ? {
                status: "skipped",
                message: `suppressed: ${accepted.map(suppressionLine).join("; ")}`,
              }
            : resultOf(outcome, judgement),
      output: [
        ...own
          .filter((finding) => !failing.includes(finding))
          .map((finding) => `${finding.severity}: ${inWords(finding, zone)}`),
        ...(own.length === 0 ? [] : accepted.map((one) => `suppressed: ${suppressionLine(one)}`)),
      ],
    };
  });

const resultOf = (outcome: RuleOutcome, { exitStatus }: Judgement): Result => {
  switch (outcome.status) {
    case "fired":
    case "silent":
      return { status: "passed" };
    case "skipped":
      return {
        status: "skipped",
        message: `not asked without ${outcome.missing.map(nameOf).join(" and ")}`,
      };
    case "error":
      return unknownResult("bug", [plain(outcome.message)], exitStatus);
  }
};

const failureOf = (findings: readonly Finding[], zone: string): Result => {
  const [first] = findings;
  const others = findings.length - 1;
  return {
    status: "failure",
    type: first?.severity ?? "",
    message: `${sentence(first?.title ?? "", zone)}${others === 0 ? "" : ` (and ${others} more)`}`,
    words: findings.map((finding) => inWords(finding, zone)).join("\n\n"),
  };
};

const inWords = (
  { title, explanation, role, certainty, evidence }: Finding,
  zone: string,
): string =>
  [
    `${sentence(title, zone)} (${role}, ${certainty})`,
    sentence(explanation, zone),
    ...evidence.map((ref) => `- ${evidenceWords(ref, zone)}`),
  ].join("\n");
