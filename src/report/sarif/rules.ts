import type { RuleId, Severity } from "../../vocabulary.ts";
import type { RuleEntry } from "../catalogue.ts";
import { printable } from "../printable.ts";
import { renderRulePage } from "../rule-pages.ts";
import { message } from "./message.ts";

/** How bad, in the three words that SARIF has for it (3.27.10). */
export const LEVEL: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  critical: "error",
  error: "error",
  warning: "warning",
  info: "note",
};

/** The catalogue as reporting descriptors (3.49). What a rule's finding can bring about is a relationship to the rule of that. */
export const sarifRules = (rules: readonly RuleEntry[]) =>
  rules.map((rule) => ({
    id: rule.id,
    shortDescription: message(rule.what),
    fullDescription: message(rule.why),
    help: {
      ...message(rule.repair),
      markdown: printable(renderRulePage(rule), { colour: false }),
    },
    defaultConfiguration: { level: LEVEL[rule.severity] },
    ...(rule.canCause.length === 0
      ? {}
      : {
          relationships: rule.canCause.map((id) => ({
            target: ruleReference(rules, id),
            kinds: ["canPrecede"],
          })),
        }),
    properties: {
      tags: [rule.id.slice(0, rule.id.indexOf("/"))],
      severity: rule.severity,
    },
  }));

/** A rule by its id and its place in the catalogue. */
export const ruleReference = (
  rules: readonly RuleEntry[],
  id: RuleId,
): { readonly id: RuleId; readonly index?: number } => {
  const index = rules.findIndex((rule) => rule.id === id);
  return index === -1 ? { id } : { id, index };
};
