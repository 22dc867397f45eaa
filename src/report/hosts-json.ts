import { eachHost } from "./each-host.ts";
import { jsonCited } from "./evidence-json.ts";
import type { EvidenceNumbers } from "./evidence-numbers.ts";
import { hostName, type Report, type Reports } from "./report.ts";

/** The VMs and the evidence of all hosts; of several hosts each VM and each piece of evidence names its own. */
export const jsonOfHosts = <Vm extends { readonly vm: string }>(
  reports: Reports,
  jsonVms: (report: Report, numbers: EvidenceNumbers) => readonly Vm[],
) => {
  const hosts = eachHost(reports, (report, numbers) => {
    const named = reports.length > 1 ? { host: hostName(report) } : {};
    const vms = jsonVms(report, numbers).map((vm) => ({ ...named, ...vm }));
    return { vms, evidence: jsonCited(numbers).map((one) => ({ ...named, ...one })) };
  });
  return {
    vms: hosts.flatMap(({ vms }) => vms),
    evidence: hosts.flatMap(({ evidence }) => evidence),
  };
};
