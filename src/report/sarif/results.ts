import type { Finding } from "../../diagnosis/finding.ts";
import type { RuleEntry } from "../catalogue.ts";
import type { JudgedVm } from "../judged.ts";
import { plain, sentence } from "../words.ts";
import { causalFlows } from "./causal-flows.ts";
import { fingerprint } from "./fingerprint.ts";
import { evidenceLocation, primaryLocation, type LogicalPlace } from "./locations.ts";
import { message } from "./message.ts";
import { LEVEL, ruleReference } from "./rules.ts";

interface Terms {
  readonly host: string;
  readonly zone: string;
  readonly place: LogicalPlace;
  readonly rules: readonly RuleEntry[];
  /** Whether a configuration was asked which findings are suppressed. */
  readonly asked: boolean;
}

type Suppressed = JudgedVm["suppressed"][number];

/** The findings of one VM as results (3.27), and behind them those that are suppressed. */
export const sarifResults = ({ vm, findings, suppressed }: JudgedVm, terms: Terms) => {
  const all = [...findings, ...suppressed.map(({ finding }) => finding)];
  const resultOf = (finding: Finding) => ({
    ...sarifResult(finding, vm.vm, terms),
    ...causalFlows(finding, all, terms),
  });
  return [
    ...findings.map((finding) => ({
      ...resultOf(finding),
      ...(terms.asked ? { suppressions: [] } : {}),
    })),
    ...suppressed.map((one) => ({
      ...resultOf(one.finding),
      suppressions: [suppressionOf(one)],
    })),
  ];
};

const sarifResult = (finding: Finding, vm: string, { host, zone, place, rules }: Terms) => {
  const { id, index } = ruleReference(rules, finding.id);
  return {
    ruleId: id,
    ...(index === undefined ? {} : { ruleIndex: index }),
    ...verdictOf(finding),
    message: message(sentence(`${finding.title}. ${finding.explanation}`, zone)),
    locations: [primaryLocation(finding, place)],
    relatedLocations: finding.evidence.map((ref, number) => ({
      id: number + 1,
      ...evidenceLocation(ref, zone),
    })),
    partialFingerprints: { "mvdoctorProblem/v1": fingerprint(host, vm, finding) },
    properties: {
      vm,
      role: finding.role,
      severity: finding.severity,
      certainty: finding.certainty,
      subject: finding.subject,
      inForce: finding.scope.inForce,
      repaired: finding.repaired,
      phase: finding.scope.phase ?? null,
      ...(finding.scope.secrets === undefined ? {} : { secrets: finding.scope.secrets }),
      causedBy: finding.causedBy,
      remedies: finding.remedies,
    },
  };
};

/** What is only worth knowing is no failure; of such a result SARIF wants no level (3.27.9, 3.27.10). */
const verdictOf = ({ role, severity }: Finding) =>
  role === "note" && severity === "info"
    ? { kind: "informational", level: "none" }
    : { kind: "fail", level: LEVEL[severity] };

/** Somebody's word outside of what was looked at (3.35). */
const suppressionOf = ({ by, through }: Suppressed) => ({
  kind: "external",
  status: "accepted",
  justification: plain(by.reason),
  properties: { until: by.until, ...(through === undefined ? {} : { through }) },
});
