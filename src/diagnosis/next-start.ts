import { type CollectedEvidence } from "../evidence/evidence.ts";
import { STAGES, type Stage, type VmName } from "../vocabulary.ts";
import { aheadOfStart } from "./ahead-of-start.ts";
import { rootCausesOf } from "./causes.ts";
import type { JudgedFinding, NextStart, SecretStages, Stop } from "./finding.ts";
import { judge } from "./judgement.ts";
import { rankedOptions } from "./options.ts";
import { weighRemedies } from "./remedies.ts";
import { secretStages } from "./stages.ts";
import { suppress, type Suppression } from "./suppression.ts";

/** What the next start would meet, and whether it would bring the VM its secrets. */
export const predictStart = (
  vm: VmName,
  evidence: CollectedEvidence,
  suppressions: readonly Suppression[] = [],
): NextStart => {
  const ahead = aheadOfStart(evidence);
  const { knowledge, findings, outcomes } = judge(vm, ahead);
  const met = weighRemedies(
    vm,
    evidence,
    findings.filter(({ scope, role }) => scope.inForce && role !== "note"),
  );
  const stages = secretStages({ evidence: ahead, knowledge, findings: met });
  const stops = stages.flatMap((row) => stopOf(row, met));
  const faults = met.filter(({ severity, role }) => isFault(severity) && role !== "risk");
  const { kept, suppressed } = suppress(vm, met, suppressions);
  return {
    ...verdictOf(stages, stops, faults, evidence),
    rootCauses: rootCausesOf(kept),
    findings: kept,
    suppressed,
    stages,
    stops,
    options: rankedOptions(kept),
    outcomes,
  };
};

const isFault = (severity: JudgedFinding["severity"]): boolean =>
  severity === "error" || severity === "critical";

const stopOf = (
  { secret, stages }: SecretStages,
  findings: readonly JudgedFinding[],
): readonly Stop[] => {
  const stage = STAGES.find((one) => stages[one] === "broken");
  if (stage === undefined) return [];
  const finding = findings.find((one) => concerns(one, stage, secret));
  return [
    {
      secret,
      stage,
      ...(finding === undefined
        ? {}
        : { rule: finding.id, title: finding.title, ...componentOf(finding) }),
    },
  ];
};

/** A finding of this stage that is about the secret, or about all of them. */
const concerns = ({ stage: own, scope }: JudgedFinding, stage: Stage, secret: string): boolean =>
  own === stage && (scope.secrets === undefined || scope.secrets.includes(secret));

const componentOf = ({ subject }: JudgedFinding): { readonly component?: string } => {
  const component = subject["path"] ?? subject["credential"] ?? subject["runner"];
  return component === undefined ? {} : { component: String(component) };
};

/** Stages that can be known before a start. What the VMM and the guest make of it shows only then. */
const FORESEEABLE = ["source", "access", "credentials", "runner"] as const;

const verdictOf = (
  stages: readonly SecretStages[],
  stops: readonly Stop[],
  faults: readonly JudgedFinding[],
  evidence: CollectedEvidence,
): Pick<NextStart, "prediction" | "basis"> => {
  const [fault] = faults;
  if (stops.length > 0 || fault !== undefined) {
    return {
      prediction: "no",
      basis:
        fault?.title ??
        `${stops.map(({ secret, stage }) => `${secret} would stop at ${stage}`).join("; ")}.`,
    };
  }
  if (evidence.state.status === "unavailable" || evidence.runners.status === "unavailable")
    return {
      prediction: "unknown",
      basis: "The runner that the next start would take could not be read.",
    };
  if (stages.length === 0)
    return {
      prediction: "none-wanted",
      basis: "Nothing shows that this VM is meant to get a secret.",
    };
  const open = stages.flatMap(({ secret, stages: states }) =>
    FORESEEABLE.filter((stage) => states[stage] === "unknown").map(
      (stage) => `${secret}: ${stage}`,
    ),
  );
  return open.length > 0
    ? { prediction: "unknown", basis: `Not everything could be looked at: ${open.join(", ")}.` }
    : {
        prediction: "yes",
        basis:
          "Every secret is there, may be read, and has a way through systemd and the runner. What the guest makes of it shows only after the start.",
      };
};
