import { jsonCited } from "./evidence-json.ts";
import { evidenceNumbers, type EvidenceNumbers, type NumbersBefore } from "./evidence-numbers.ts";
import { hostName, type Report, type Reports } from "./report.ts";

/**
 * The VMs and the evidence of all hosts. Numbers go on from host to host, so that none stands for evidence of two; of several hosts each
 * VM and each piece of evidence names its own.
 */
export const jsonOfHosts = <Vm extends { readonly vm: string }>(
  reports: Reports,
  jsonVms: (report: Report, numbers: EvidenceNumbers) => readonly Vm[],
) => {
  const several = reports.length > 1;
  let before: NumbersBefore = { evidence: 0, lines: 0 };
  const hosts = reports.map((report) => {
    const numbers = evidenceNumbers(report.diagnosis.ledger, before);
    const named = several ? { host: hostName(report) } : {};
    const vms = jsonVms(report, numbers).map((vm) => ({ ...named, ...vm }));
    const evidence = jsonCited(numbers).map((one) => ({ ...named, ...one }));
    before = {
      evidence: before.evidence + evidence.length,
      lines: before.lines + report.diagnosis.ledger.length,
    };
    return { vms, evidence };
  });
  return {
    vms: hosts.flatMap(({ vms }) => vms),
    evidence: hosts.flatMap(({ evidence }) => evidence),
  };
};
