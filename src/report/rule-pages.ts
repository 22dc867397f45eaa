import type { RuleId } from "../vocabulary.ts";
import { needLines, rangeOf, type RuleEntry } from "./catalogue.ts";
import { cell, list, prose } from "./markdown-text.ts";

/** The address of a rule's page; `undefined` where there is none to link to. */
export type PageOf = (id: RuleId) => string | undefined;

const nowhere: PageOf = () => undefined;

/** All rules as a page of Markdown: a table for each group. */
export const renderRuleIndex = (rules: readonly RuleEntry[], pageOf: PageOf = nowhere): string => {
  const groups = [...new Set(rules.map(({ id }) => groupOf(id)))];
  const blocks = groups.flatMap((group) => [
    `## ${group}`,
    [
      "| rule | severity | what is true on the host |",
      "| --- | --- | --- |",
      ...rules
        .filter(({ id }) => groupOf(id) === group)
        .map(({ id, severity, what }) => `| ${linked(id, pageOf)} | ${severity} | ${cell(what)} |`),
    ].join("\n"),
  ]);
  return `${["# Rules", "What mvdoctor can find, by group.", ...blocks].join("\n\n")}\n`;
};

/** One rule as a page of Markdown. */
export const renderRulePage = (rule: RuleEntry, pageOf: PageOf = nowhere): string => {
  const { confusedWith, canCause, upstream } = rule;
  const blocks = [
    `# ${rule.id}`,
    `**${rule.severity}** · ${prose(rule.what)}`,
    ...section("Why it matters", prose(rule.why)),
    ...section("What proves it", prose(rule.proof)),
    ...section("What rules it out", prose(rule.ruledOut)),
    ...section(
      "What it is confused with",
      list(confusedWith.map(({ id, tell }) => `${linked(id, pageOf)}: ${prose(tell)}`)),
    ),
    ...section("How to repair it", prose(rule.repair)),
    ...section("What it needs", list(needLines(rule).map(prose))),
    ...section("What it can cause", list(canCause.map((id) => linked(id, pageOf)))),
    ...section(
      "Where it holds",
      list((upstream ?? []).map((range) => `**${prose(rangeOf(range))}**: ${prose(range.note)}`)),
    ),
    ...section("Sources", list(rule.sources.map(prose))),
  ];
  return `${blocks.join("\n\n")}\n`;
};

const section = (title: string, body: string): readonly string[] =>
  body === "" ? [] : [`## ${title}`, body];

const linked = (id: RuleId, pageOf: PageOf): string => {
  const address = pageOf(id);
  return address === undefined ? `\`${id}\`` : `[\`${id}\`](${address})`;
};

const groupOf = (id: RuleId): string => id.slice(0, id.indexOf("/"));
