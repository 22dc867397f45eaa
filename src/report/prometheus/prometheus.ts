import { judgedVms, type Judgement } from "../judged.ts";
import { hostName, type Report, type Reports } from "../report.ts";
import { checkFamilies } from "./check-families.ts";
import { diagnosisFamilies } from "./diagnosis-families.ts";
import { exposition } from "./exposition.ts";
import type { LookedAt } from "./looked-at.ts";

/**
 * Judgements as a file for the textfile collector of node_exporter. Labels hold names of hosts, VMs and rules and words of a fixed list,
 * and nothing that is new in each report. The two views have names of their own, so that both may lie in one directory.
 */
export const renderPrometheus = (reports: Reports, judgement: Judgement): string => {
  const hosts = reports.map((report): LookedAt => {
    const host = hostLabel(report, reports);
    return {
      report,
      labels: { host },
      vms: judgedVms(report, judgement.view).map((judged) => ({
        judged,
        labels: { host, vm: judged.vm.vm },
      })),
    };
  });
  return exposition(
    judgement.view === "check" ? checkFamilies(hosts) : diagnosisFamilies(hosts, judgement),
  );
};

/** The name of a host; with its machine id where two have the same, since no series may be there twice. */
const hostLabel = (report: Report, reports: Reports): string => {
  const name = hostName(report);
  return reports.filter((one) => hostName(one) === name).length === 1
    ? name
    : `${name} ${report.diagnosis.host?.machineId ?? report.diagnosis.origin}`;
};
