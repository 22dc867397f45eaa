import { jsonText } from "./printable.ts";
import { formatUtc } from "../time/format-time.ts";
import { jsonOfHosts } from "./hosts-json.ts";
import { isComplete } from "./judged.ts";
import { jsonFinding } from "./json.ts";
import { jsonLookedAt } from "./looked-at-json.ts";
import type { Reports } from "./report.ts";
import type { check, checkedVm } from "./schema/check.ts";
import type { Written } from "./schema/pieces.ts";
import { jsonSuppressed, jsonSuppressions } from "./suppressed.ts";
import { plain, withMoments } from "./words.ts";

/** The prediction for programs: the keys of a diagnosis where they mean the same. */
export const renderCheckJson = (reports: Reports): string => {
  const [{ diagnosis: first, generatedAt }] = reports;
  const { vms, evidence } = jsonOfHosts(reports, (report, numbers) =>
    report.diagnosis.vms.map(({ vm, nextStart }): Written<typeof checkedVm> => ({
      vm,
      prediction: nextStart.prediction,
      basis: plain(withMoments(nextStart.basis, formatUtc)),
      rootCauses: nextStart.rootCauses,
      stops: nextStart.stops.map(({ secret, stage, component, rule }) => ({
        secret,
        stage,
        component: component ?? null,
        rule: rule ?? null,
      })),
      stages: nextStart.stages,
      findings: nextStart.findings.map((finding) => jsonFinding(finding, numbers)),
      suppressed: nextStart.suppressed.map(jsonSuppressed),
      options: nextStart.options,
    })),
  );
  const { host, coverage, ...hosts } = jsonLookedAt(reports);
  const document: Written<typeof check> = {
    schemaVersion: 1,
    generatedAt: formatUtc(generatedAt),
    complete: reports.every((report) => isComplete(report, "check")),
    host,
    gaps: coverage.gaps,
    coverage: { ledger: coverage.ledger },
    ...hosts,
    suppressions: jsonSuppressions(first.suppressions),
    vms,
    evidence,
  };
  return jsonText(document);
};
