import type { Argument, Finding, VmDiagnosis } from "../diagnosis/finding.ts";
import type { EvidenceRef, FileStat } from "../evidence/reference.ts";
import { formatUtc } from "../time/format-time.ts";
import type { Micros } from "../vocabulary.ts";
import { evidenceNumbers, type EvidenceNumbers } from "./evidence-numbers.ts";
import { jsonLedger } from "./ledger.ts";
import { plain, withMoments } from "./words.ts";
import { jsonSuppressed, jsonSuppressions } from "./suppressed.ts";
import type { Report } from "./report.ts";

const SCHEMA_VERSION = 1;

/** The machine's report: the keys of the contract, times in UTC with microseconds. */
export const renderJson = (report: Report): string =>
  `${JSON.stringify(jsonReport(report), undefined, 2)}\n`;

const jsonReport = ({ diagnosis, generatedAt }: Report) => {
  const numbers = evidenceNumbers(diagnosis.ledger);
  const { coverage, window } = diagnosis;
  const vms = diagnosis.vms.map((vm) => jsonVm(vm, numbers));
  return {
    schemaVersion: SCHEMA_VERSION,
    generatedAt: formatUtc(generatedAt),
    complete: diagnosis.complete,
    host: {
      name: diagnosis.host?.name ?? null,
      machineId: diagnosis.host?.machineId ?? null,
      zone: diagnosis.zone,
    },
    window: {
      since: utcOrNull(window.since ?? coverage.first),
      until: utcOrNull(window.until ?? coverage.last),
    },
    coverage: {
      firstEntry: utcOrNull(coverage.first),
      lastEntry: utcOrNull(coverage.last),
      boots: coverage.boots.length,
      holes: coverage.holes.map(({ since, until }) => ({
        since: formatUtc(since),
        until: formatUtc(until),
      })),
      gaps: diagnosis.gaps.map(({ source, reason, required, vm, ref }) => ({
        source,
        reason: plain(reason),
        required,
        ...(vm === undefined ? {} : { vm }),
        ...(ref?.since === undefined ? {} : { since: formatUtc(ref.since) }),
        ...(ref?.until === undefined ? {} : { until: formatUtc(ref.until) }),
      })),
      ledger: jsonLedger(diagnosis.ledger),
    },
    suppressions: jsonSuppressions(diagnosis.suppressions),
    vms,
    evidence: jsonCited(numbers),
  };
};

const jsonVm = (vm: VmDiagnosis, numbers: EvidenceNumbers) => ({
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
export const jsonFinding = (finding: Finding, numbers: EvidenceNumbers) => ({
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

/** Everything that was cited, by number. */
export const jsonCited = (numbers: EvidenceNumbers) =>
  numbers.cited().map(({ id, ref }) => ({ id, ...jsonEvidence(ref, numbers) }));

/** Evidence with its own words; control characters of others are dropped, here too. */
const jsonEvidence = (ref: EvidenceRef, numbers: EvidenceNumbers) => {
  switch (ref.kind) {
    case "journal":
      return {
        kind: ref.kind,
        time: formatUtc(ref.time),
        cursor: ref.cursor,
        identifier: plain(ref.identifier),
        ...(ref.pid === undefined ? {} : { pid: ref.pid }),
        ...(ref.uid === undefined ? {} : { uid: ref.uid }),
        text: plain(ref.text),
      };
    case "file":
      return {
        kind: ref.kind,
        path: ref.path,
        ...(ref.absent === true ? { absent: true } : {}),
        ...(ref.stat === undefined ? {} : { stat: jsonStat(ref.stat) }),
        ...(ref.acl === undefined ? {} : { acl: ref.acl }),
        ...(ref.line === undefined ? {} : { line: ref.line }),
        ...(ref.text === undefined ? {} : { text: plain(ref.text) }),
      };
    case "command":
      return {
        kind: ref.kind,
        argv: ref.argv,
        exitCode: ref.exitCode,
        ...(ref.text === undefined ? {} : { text: plain(ref.text) }),
      };
    case "coverage":
      return {
        kind: ref.kind,
        source: ref.source,
        text: plain(ref.text),
        ...(ref.since === undefined ? {} : { since: formatUtc(ref.since) }),
        ...(ref.until === undefined ? {} : { until: formatUtc(ref.until) }),
        ledger: numbers.linesOf(ref),
      };
  }
};

const jsonStat = (stat: FileStat) => ({
  type: stat.type,
  mode: stat.mode.toString(8).padStart(4, "0"),
  uid: stat.uid,
  gid: stat.gid,
  size: stat.size,
  mtime: formatUtc(stat.mtime),
  ctime: formatUtc(stat.ctime),
  ...(stat.birth === undefined ? {} : { birth: formatUtc(stat.birth) }),
  ...(stat.target === undefined ? {} : { target: plain(stat.target) }),
});

const text = (words: string): string => plain(withMoments(words, formatUtc));
const utcOrNull = (time: Micros | undefined): string | null =>
  time === undefined ? null : formatUtc(time);
