import type { Hypothesis } from "../finding.ts";
import { earlierRunners } from "./earlier-runner.ts";
import { emptyOrAbsent } from "./empty-or-absent.ts";
import type { HypothesisInput } from "./input.ts";
import { missingOrLate } from "./missing-or-late.ts";
import { oldRunner } from "./old-runner.ts";

/**
 * Questions that the evidence leaves open, each with the explanations that fit and the command that would decide on one. Every row
 * hangs on evidence of its own, so that new evidence turns that row and no other.
 */
export const hypotheses = (input: HypothesisInput): readonly Hypothesis[] => [
  ...earlierRunners(input),
  ...missingOrLate(input),
  ...oldRunner(input),
  ...emptyOrAbsent(input),
];
