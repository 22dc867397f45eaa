import { formatUtc } from "../time/format-time.ts";
import { evidenceNumbers } from "./evidence-numbers.ts";
import { jsonCited, jsonFinding } from "./json.ts";
import { jsonLedger } from "./ledger.ts";
import type { Report } from "./report.ts";
import { jsonSuppressed, jsonSuppressions } from "./suppressed.ts";
import { plain, withMoments } from "./words.ts";

/** The prediction for programs: the keys of a diagnosis where they mean the same. */
export const renderCheckJson = ({ diagnosis, generatedAt }: Report): string => {
  const numbers = evidenceNumbers(diagnosis.ledger);
  const vms = diagnosis.vms.map(({ vm, nextStart }) => ({
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
  }));
  const document = {
    schemaVersion: 1,
    generatedAt: formatUtc(generatedAt),
    complete: diagnosis.vms.every(({ nextStart }) => nextStart.prediction !== "unknown"),
    host: {
      name: diagnosis.host?.name ?? null,
      machineId: diagnosis.host?.machineId ?? null,
      zone: diagnosis.zone,
    },
    gaps: diagnosis.gaps.map(({ source, reason, vm }) => ({
      source,
      reason: plain(reason),
      ...(vm === undefined ? {} : { vm }),
    })),
    coverage: { ledger: jsonLedger(diagnosis.ledger) },
    suppressions: jsonSuppressions(diagnosis.suppressions),
    vms,
    evidence: jsonCited(numbers),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
};
