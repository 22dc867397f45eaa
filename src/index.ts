import {
  renderCatalogueJson,
  renderRule,
  renderRules,
  type RuleEntry,
} from "./report/catalogue.ts";
import { renderJudgement, type InterchangeFormat } from "./report/interchange.ts";
import { isComplete, judgedVms, type JudgedView, type Judgement } from "./report/judged.ts";
import type { PageOptions } from "./report/page.ts";
import type { Format } from "./report/render.ts";

import type { Reports } from "./report/report.ts";
import { renderRuleIndex, renderRulePage } from "./report/rule-pages.ts";
import type { DocumentName } from "./report/schema/names.ts";
import { RULES } from "./rules/index.ts";
import { VERSION } from "./version.ts";
import type { Severity } from "./vocabulary.ts";

export { render } from "./report/render.ts";
export { renderTimelineLnav } from "./report/timeline-lnav.ts";
export { followedRows } from "./report/followed-rows.ts";
export { warnings } from "./report/warnings.ts";
export { selectRows } from "./report/timeline-selection.ts";
export { DOCUMENTS } from "./report/schema/names.ts";
export { collect } from "./requests/collect.ts";
export { REDACTABLE } from "./vocabulary.ts";
export { redactBundle } from "./requests/redact.ts";
export { planned } from "./requests/plan.ts";
export { vmNames } from "./requests/vm-names.ts";
export { verify } from "./requests/verify.ts";
export {
  renderVerification,
  renderVerificationJson,
  type Verification,
} from "./report/verification.ts";
export { renderPlan, renderPlanJson } from "./report/plan.ts";
export { diagnose } from "./requests/diagnose.ts";
export { watchList } from "./requests/watch-list.ts";
export { follow } from "./requests/follow.ts";
export { watch } from "./requests/watch.ts";
export { watchedFrom, watchedJson, watchedText } from "./report/watched.ts";
export type { Times } from "./requests/request.ts";

/** Every rule with its documentation, in the order of the ids. */
export const catalogue = (): readonly RuleEntry[] =>
  RULES.map(({ id, severity, docs, requires, optional = [], anyOf = [], causes }) => ({
    id,
    severity,
    ...docs,
    needs: requires,
    needsOneOf: anyOf,
    uses: optional.filter((key) => !anyOf.includes(key)),
    canCause: [...new Set((causes ?? []).flatMap(({ effects }) => effects))],
  }));

type CatalogueFormat = Exclude<Format, "html">;

/** The catalogue in the format asked for. */
export const renderCatalogue = (
  entries: readonly RuleEntry[],
  format: CatalogueFormat,
  options: PageOptions,
): string =>
  ({
    text: () => renderRules(entries, options),
    markdown: () => renderRuleIndex(entries),
    json: () => renderCatalogueJson(entries),
  })[format]();

/** One entry of the catalogue in the format asked for. */
export const renderCatalogueEntry = (
  entry: RuleEntry,
  format: CatalogueFormat,
  options: PageOptions,
): string =>
  ({
    text: () => renderRule(entry, options),
    markdown: () => renderRulePage(entry),
    json: () => renderCatalogueJson([entry]),
  })[format]();

/** How a report ends as a view judges it: what was found, and whether everything could be looked at that decides it. */
export const judged = (
  reports: Reports,
  view: JudgedView,
): { readonly severities: readonly Severity[]; readonly complete: boolean } => ({
  severities: reports.flatMap((report) =>
    judgedVms(report, view).flatMap(({ findings }) => findings.map(({ severity }) => severity)),
  ),
  complete: reports.every((report) => isComplete(report, view)),
});

/** Judgements in the format of another program. */
export const renderInterchange = (
  reports: Reports,
  format: InterchangeFormat,
  judgement: Omit<Judgement, "version" | "rules">,
): string =>
  renderJudgement(reports, format, { ...judgement, version: VERSION, rules: catalogue() });

/** The JSON Schema of a document, as text. It is loaded when it is asked for: no other command needs what makes it. */
export const renderJsonSchema = async (name: DocumentName): Promise<string> => {
  const { jsonSchema } = await import("./report/schema/json-schema.ts");
  return `${JSON.stringify(jsonSchema(name), undefined, 2)}\n`;
};
