import { jsonText } from "./printable.ts";
import type { Argument, Finding, VmDiagnosis } from "../diagnosis/finding.ts";
import { formatUtc } from "../time/format-time.ts";
import type { Micros } from "../vocabulary.ts";
import type { EvidenceNumbers } from "./evidence-numbers.ts";
import { plain, withMoments } from "./words.ts";
import { jsonOfHosts } from "./hosts-json.ts";
import { jsonSuppressed, jsonSuppressions } from "./suppressed.ts";
import { jsonLookedAt } from "./looked-at-json.ts";
import type { Reports } from "./report.ts";
import type { diagnosedVm, diagnosis } from "./schema/diagnosis.ts";
import type { finding as schemaOfFinding } from "./schema/finding.ts";
import type { Written } from "./schema/pieces.ts";

export const SCHEMA_VERSION = 1;

/**
 * The machine's report: the keys of the contract, times in UTC with microseconds. Of several hosts it is one document: VMs and evidence
 * name their host, and `hosts` tells what was looked at on each.
 */
export const renderJson = (reports: Reports): string => jsonText(jsonReport(reports));

const jsonReport = (reports: Reports): Written<typeof diagnosis> => {
  const [{ diagnosis: first, generatedAt }] = reports;
  const { vms, evidence } = jsonOfHosts(reports, (report, numbers) =>
    report.diagnosis.vms.map((vm) => jsonVm(vm, numbers)),
  );
  return {
    schemaVersion: SCHEMA_VERSION,
    generatedAt: formatUtc(generatedAt),
    complete: reports.every((one) => one.diagnosis.complete),
    ...jsonLookedAt(reports),
    suppressions: jsonSuppressions(first.suppressions),
    vms,
    evidence,
  };
};

const jsonVm = (vm: VmDiagnosis, numbers: EvidenceNumbers): Written<typeof diagnosedVm> => ({
  vm: vm.vm,
  status: vm.status,
  ...(vm.since === undefined ? {} : { since: formatUtc(vm.since) }),
  everWorked: {
    answer: vm.everWorked.answer,
    basis: text(vm.everWorked.basis),
    evidence: numbers.idsOf(vm.everWorked.evidence),
  },
  rootCauses: vm.rootCauses,
  findings: vm.findings.map((finding) => jsonFinding(finding, numbers)),
  suppressed: vm.suppressed.map(jsonSuppressed),
  stages: vm.stages,
  phases: vm.phases.map((phase) => ({
    index: phase.index,
    kind: phase.kind,
    start: formatUtc(phase.start),
    end: utcOrNull(phase.end),
    title: text(phase.title),
    configuration: text(phase.configuration),
    runner: phase.runner ?? null,
    result: text(phase.result),
    provenance:
      phase.provenance === undefined
        ? null
        : {
            kind: phase.provenance.kind,
            text: text(phase.provenance.text),
            notBefore: utcOrNull(phase.provenance.notBefore),
            notAfter: utcOrNull(phase.provenance.notAfter),
            evidence: numbers.idsOf(phase.provenance.evidence),
          },
    invocations: phase.invocations,
    evidence: numbers.idsOf(phase.evidence),
  })),
  transitions: vm.transitions.map(({ from, to, changes }) => ({
    from,
    to,
    changes: changes.map((change) => jsonArgument(change, numbers)),
  })),
  hypotheses: vm.hypotheses.map((one) => ({
    question: text(one.question),
    claim: text(one.claim),
    state: one.state,
    for: one.for.map((argument) => jsonArgument(argument, numbers)),
    against: one.against.map((argument) => jsonArgument(argument, numbers)),
    decideBy: one.decideBy,
  })),
  options: vm.options,
  nextStart: {
    prediction: vm.nextStart.prediction,
    basis: text(vm.nextStart.basis),
    rootCauses: vm.nextStart.rootCauses,
  },
  rules: {
    fired: vm.outcomes.filter(({ status }) => status === "fired").length,
    silent: vm.outcomes.filter(({ status }) => status === "silent").length,
    skipped: vm.outcomes.flatMap((outcome) =>
      outcome.status === "skipped" ? [{ id: outcome.id, missing: outcome.missing }] : [],
    ),
    errors: vm.outcomes.flatMap((outcome) =>
      outcome.status === "error" ? [{ id: outcome.id, message: plain(outcome.message) }] : [],
    ),
  },
});

/** One finding with its evidence by number. */
export const jsonFinding = (
  finding: Finding,
  numbers: EvidenceNumbers,
): Written<typeof schemaOfFinding> => ({
  id: finding.id,
  role: finding.role,
  severity: finding.severity,
  certainty: finding.certainty,
  title: text(finding.title),
  explanation: text(finding.explanation),
  subject: finding.subject,
  causedBy: finding.causedBy.map(({ id }) => id),
  mechanisms: finding.causedBy,
  phase: finding.scope.phase ?? null,
  inForce: finding.scope.inForce,
  repaired: finding.repaired,
  ...(finding.scope.secrets === undefined ? {} : { secrets: finding.scope.secrets }),
  evidence: numbers.idsOf(finding.evidence),
  remedies: finding.remedies,
  ...(finding.misleading.length === 0 ? {} : { misleading: finding.misleading }),
});

const jsonArgument = ({ text: words, evidence }: Argument, numbers: EvidenceNumbers) => ({
  text: text(words),
  evidence: numbers.idsOf(evidence),
});

const text = (words: string): string => plain(withMoments(words, formatUtc));
const utcOrNull = (time: Micros | undefined): string | null =>
  time === undefined ? null : formatUtc(time);
