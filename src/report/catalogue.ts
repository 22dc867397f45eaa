import type { RuleId, Severity } from "../vocabulary.ts";
import { page, type PageOptions } from "./page.ts";

/** One rule with its documentation, for `rules` and `explain`. */
export interface RuleEntry {
  readonly id: RuleId;
  readonly severity: Severity;
  readonly what: string;
  readonly why: string;
  readonly proof: string;
  readonly sources: readonly string[];
  readonly needs: readonly string[];
  readonly canCause: readonly RuleId[];
}

/** All rules, two lines each. */
export const renderRules = (rules: readonly RuleEntry[], options: PageOptions): string => {
  const out = page(options);
  for (const { id, severity, what } of rules) {
    out.line(`${out.paint.cyan(id)} (${severity})`);
    out.paragraph(what, "    ");
  }
  return out.text();
};

/** One rule as a page of its own. */
export const renderRule = (rule: RuleEntry, options: PageOptions): string => {
  const out = page(options);
  out.line(`${out.paint.bold(rule.id)} (${rule.severity})`);
  out.paragraph(rule.what, "  ");
  out.heading("Why it matters");
  out.paragraph(rule.why, "  ");
  out.heading("What proves it");
  out.paragraph(rule.proof, "  ");
  out.heading("What it needs");
  out.paragraph(rule.needs.join(", "), "  ");
  if (rule.canCause.length > 0) {
    out.heading("What it can cause");
    out.paragraph(rule.canCause.join(", "), "  ");
  }
  out.heading("Sources");
  for (const source of rule.sources) out.paragraph(source, "  - ", "    ");
  return out.text();
};
