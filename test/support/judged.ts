import { unavailable, collected, type CollectedEvidence } from "../../src/evidence/evidence.ts";
import type { EvidenceMap } from "../../src/evidence/evidence.ts";
import { deriveFacts, type CollectedKnowledge } from "../../src/facts/facts.ts";
import type { JudgedFinding, UnweighedFinding } from "../../src/diagnosis/finding.ts";
import { judge } from "../../src/diagnosis/judgement.ts";
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
  "platform",
  "kernelLog",
  "installation",
  "otherUnits",
  "credentialStore",
  "guestSystem",
  "shares",
  "registrations",
  "sourceCopies",
  "configurationRepository",
  "runnerNeeds",
] as const satisfies readonly (keyof EvidenceMap)[];

/** Literal evidence as collectors would bring it. What is not given is unavailable. */
export const collectedEvidence = (evidence: Partial<EvidenceMap>): CollectedEvidence =>
  Object.fromEntries(
    KEYS.map((key) => {
      const value = evidence[key];
      return [key, value === undefined ? unavailable("not-found", "not given") : collected(value)];
    }),
    // The entries are those of KEYS, one of each.
  ) as unknown as CollectedEvidence;

/** The same with the facts that follow from it. */
export const knowledgeOf = (evidence: Partial<EvidenceMap>): CollectedKnowledge =>
  deriveFacts(vmName(), collectedEvidence(evidence));

const STRICT = RULES.map(strict);

/** What all rules find on literal evidence, joined into findings. */
export const judged = (evidence: Partial<EvidenceMap>): readonly UnweighedFinding[] => {
  const { findings, outcomes } = judge(vmName(), collectedEvidence(evidence), STRICT);
  for (const outcome of outcomes) if (outcome.status === "error") throw new Error(outcome.message);
  return findings;
};

/** The ids of what is found, once each. */
export const idsOf = (findings: readonly JudgedFinding[]): readonly string[] => [
  ...new Set(findings.map(({ id }) => id)),
];
