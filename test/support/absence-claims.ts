import type { JsonReport, JsonVm } from "./report-json.ts";

/** Words that say of the past that something was not: they rest on what the journal covers. */
const ABSENT =
  /\bnever (?:started|ran|asked|written|reached its)|\bjournal(?: of this boot)? (?:holds|has|shows) no\b|\bholds? no word\b|\bno (?:start|line|word|entry)\b[^.]*\b(?:journal|since|lived|tells)\b|\bjournal\b[^.]*\bholds? no\b/iu;

/**
 * What of a report says that something was not and names no line of the coverage ledger, in sentences. A piece of coverage without
 * a line, and a line that the ledger does not have, are complaints too.
 */
export const claimsWithoutCoverage = (report: JsonReport, vm: JsonVm): readonly string[] => {
  const lines = new Set(report.coverage.ledger.map(({ id }) => id));
  const coverage = new Set<string>();
  const complaints: string[] = [];
  for (const one of report.evidence) {
    if (one.kind !== "coverage") continue;
    coverage.add(one.id);
    for (const line of one.ledger)
      if (!lines.has(line)) complaints.push(`${one.id} cites ${line}, which is not in the ledger`);
  }
  const carried = (evidence: readonly string[]): boolean => evidence.some((id) => coverage.has(id));
  if (vm.everWorked.answer === "no" && !carried(vm.everWorked.evidence))
    complaints.push("everWorked says no and cites no coverage");
  for (const { id, title, explanation, evidence } of vm.findings)
    if (ABSENT.test(`${title} ${explanation}`) && !carried(evidence))
      complaints.push(`${id} says that something was not and cites no coverage: ${explanation}`);
  return complaints;
};
