import { unavailable, collected, type CollectedEvidence } from "../../src/evidence/evidence.ts";
import type { EvidenceMap } from "../../src/evidence/evidence.ts";
import { deriveFacts, type CollectedKnowledge } from "../../src/facts/facts.ts";
import { linkCauses } from "../../src/diagnosis/causes.ts";
import type { Finding } from "../../src/diagnosis/finding.ts";
import { runRules } from "../../src/diagnosis/rule-run.ts";
import { valueOf } from "../../src/evidence/evidence.ts";
import { RULES } from "../../src/rules/index.ts";
import { vmName } from "./literals.ts";
import { strict } from "./watched-rules.ts";

const KEYS = [
  "identity",
  "hostJournal",
  "vmJournal",
  "state",
  "runners",
  "unit",
  "secretFiles",
  "store",
  "generations",
] as const satisfies readonly (keyof EvidenceMap)[];

/** Literal evidence with the facts that follow from it. What is not given is unavailable. */
export const knowledgeOf = (evidence: Partial<EvidenceMap>): CollectedKnowledge => {
  const given = Object.fromEntries(
    KEYS.map((key) => {
      const value = evidence[key];
      return [key, value === undefined ? unavailable("not-found", "not given") : collected(value)];
    }),
    // The entries are those of KEYS, one of each.
  ) as unknown as CollectedEvidence;
  return deriveFacts(vmName(), given);
};

const STRICT = RULES.map(strict);

/** What all rules find on literal evidence, joined into findings. */
export const judged = (evidence: Partial<EvidenceMap>): readonly Finding[] => {
  const knowledge = knowledgeOf(evidence);
  const { observed, outcomes } = runRules(STRICT, knowledge);
  for (const outcome of outcomes) if (outcome.status === "error") throw new Error(outcome.message);
  return linkCauses({
    observed,
    history: valueOf(knowledge.history),
    secrets: valueOf(knowledge.secrets) ?? [],
  });
};

/** The ids of what is found, once each. */
export const idsOf = (findings: readonly Finding[]): readonly string[] => [
  ...new Set(findings.map(({ id }) => id)),
];
