import { valueOf, type CollectedEvidence } from "../evidence/evidence.ts";
import { deriveFacts, type CollectedKnowledge } from "../facts/facts.ts";
import { RULES } from "../rules/index.ts";
import type { AnyRule } from "../rules/rule.ts";
import type { VmName } from "../vocabulary.ts";
import { linkCauses } from "./causes.ts";
import type { RuleOutcome, UnweighedFinding } from "./finding.ts";
import { runRules } from "./rule-run.ts";

/** What all rules find in the evidence of one VM, joined by cause. */
export interface Judgement {
  readonly knowledge: CollectedKnowledge;
  readonly findings: readonly UnweighedFinding[];
  readonly outcomes: readonly RuleOutcome[];
}

export const judge = (
  vm: VmName,
  evidence: CollectedEvidence,
  rules: readonly AnyRule[] = RULES,
): Judgement => {
  const knowledge = deriveFacts(vm, evidence);
  const { observed, outcomes } = runRules(rules, knowledge);
  const findings = linkCauses({
    observed,
    history: valueOf(knowledge.history),
    secrets: valueOf(knowledge.secrets) ?? [],
  });
  return { knowledge, findings, outcomes };
};
