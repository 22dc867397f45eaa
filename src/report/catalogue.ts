import type { RuleId, Severity } from "../vocabulary.ts";
import { nameOf, type KnowledgeName } from "./knowledge-names.ts";
import { page, type Page, type PageOptions } from "./page.ts";

/** Between which revisions, versions or dates a project behaves as a rule says. */
export interface RangeEntry {
  readonly project: string;
  readonly from?: string;
  readonly until?: string;
  readonly note: string;
}

/** One rule with its documentation, for `rules`, `explain` and docs/rules. */
export interface RuleEntry {
  readonly id: RuleId;
  readonly severity: Severity;
  readonly what: string;
  readonly why: string;
  readonly proof: string;
  readonly ruledOut: string;
  readonly confusedWith: readonly { readonly id: RuleId; readonly tell: string }[];
  readonly repair: string;
  readonly upstream?: readonly RangeEntry[];
  readonly sources: readonly string[];
  /** Without one of these the rule is skipped. */
  readonly needs: readonly KnowledgeName[];
  /** What it takes into account where it is there. */
  readonly uses: readonly KnowledgeName[];
  /** Any one of these is enough. */
  readonly needsOneOf: readonly KnowledgeName[];
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

/** Rules for a program. */
export const renderCatalogueJson = (rules: readonly RuleEntry[]): string =>
  `${JSON.stringify({ schemaVersion: 1, rules }, undefined, 2)}\n`;

/** One rule as a page of its own. */
export const renderRule = (rule: RuleEntry, options: PageOptions): string => {
  const out = page(options);
  out.line(`${out.paint.bold(rule.id)} (${rule.severity})`);
  out.paragraph(rule.what, "  ");
  for (const [title, text] of [
    ["Why it matters", rule.why],
    ["What proves it", rule.proof],
    ["What rules it out", rule.ruledOut],
  ] as const) {
    out.heading(title);
    out.paragraph(text, "  ");
  }
  confusions(out, rule);
  out.heading("How to repair it");
  out.paragraph(rule.repair, "  ");
  out.heading("What it needs");
  items(out, needLines(rule));
  if (rule.canCause.length > 0) {
    out.heading("What it can cause");
    out.paragraph(rule.canCause.join(", "), "  ");
  }
  if (rule.upstream !== undefined) {
    out.heading("Where it holds");
    items(
      out,
      rule.upstream.map((range) => `${rangeOf(range)}: ${range.note}`),
    );
  }
  out.heading("Sources");
  items(out, rule.sources);
  return out.text();
};

const confusions = (out: Page, { confusedWith }: RuleEntry): void => {
  if (confusedWith.length === 0) return;
  out.heading("What it is confused with");
  for (const { id, tell } of confusedWith) {
    out.line(`  ${out.paint.cyan(id)}`);
    out.paragraph(tell, "    ");
  }
};

const items = (out: Page, texts: readonly string[]): void => {
  for (const text of texts) out.paragraph(text, "  - ", "    ");
};

/** What a rule needs and uses, one line each. */
export const needLines = ({ needs, needsOneOf, uses }: RuleEntry): readonly string[] => [
  ...needs.map((key) => nameOf(key)),
  ...(needsOneOf.length === 0 ? [] : [needsOneOf.map((key) => nameOf(key)).join(", or ")]),
  ...uses.map((key) => `${nameOf(key)}, where it is there`),
];

/** A project with the ends of the range: `systemd from 252 until 259`. */
export const rangeOf = ({ project, from, until }: RangeEntry): string =>
  `${project}${from === undefined ? "" : ` from ${from}`}${until === undefined ? "" : ` until ${until}`}`;
