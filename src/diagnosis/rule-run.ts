import type { CollectedKnowledge, Knowledge, KnowledgeKey } from "../facts/facts.ts";
import type { AnyRule, Observation } from "../rules/rule.ts";
import type { RuleOutcome } from "./finding.ts";

export interface Observed {
  readonly rule: AnyRule;
  readonly observation: Observation;
}

export interface RuleRun {
  readonly observed: readonly Observed[];
  readonly outcomes: readonly RuleOutcome[];
}

/** Asks every rule with exactly the knowledge that it declared. Rules are pure and cheap, so they run one after the other. */
export const runRules = (rules: readonly AnyRule[], knowledge: CollectedKnowledge): RuleRun => {
  const observed: Observed[] = [];
  const outcomes: RuleOutcome[] = [];
  for (const rule of rules) {
    const missing = missingFor(rule, knowledge);
    if (missing.length > 0) {
      outcomes.push({ id: rule.id, status: "skipped", missing });
      continue;
    }
    try {
      const found = [
        ...rule.check(narrowed(knowledge, [...rule.requires, ...(rule.optional ?? [])])),
      ];
      observed.push(...found.map((observation) => ({ rule, observation })));
      outcomes.push({ id: rule.id, status: found.length > 0 ? "fired" : "silent" });
    } catch (error) {
      outcomes.push({
        id: rule.id,
        status: "error",
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
  }
  return { observed, outcomes };
};

/** What is not there of what the rule cannot do without. */
const missingFor = (
  { requires, anyOf = [] }: AnyRule,
  knowledge: CollectedKnowledge,
): readonly KnowledgeKey[] => {
  const isMissing = (key: KnowledgeKey): boolean => knowledge[key].status === "unavailable";
  return [...requires.filter(isMissing), ...(anyOf.every(isMissing) ? anyOf : [])];
};

const narrowed = (knowledge: CollectedKnowledge, keys: readonly KnowledgeKey[]): Knowledge => {
  const handed: Partial<Record<KnowledgeKey, unknown>> = {};
  for (const key of keys) {
    const found = knowledge[key];
    if (found.status === "collected") handed[key] = found.value;
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is required was checked, what is optional is typed so in the rule
  return handed as unknown as Knowledge;
};
