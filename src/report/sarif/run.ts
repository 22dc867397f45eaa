import type { VmDiagnosis } from "../../diagnosis/finding.ts";
import { judgedVms, type JudgedView, type Judgement } from "../judged.ts";
import { hostName, type Report } from "../report.ts";
import { sentence } from "../words.ts";
import { NOTIFICATIONS, sarifInvocation } from "./invocation.ts";
import type { LogicalPlace } from "./locations.ts";
import { sarifResults } from "./results.ts";
import { sarifRules } from "./rules.ts";

/** What was judged of one host as a run (3.14). */
export const sarifRun = (report: Report, judgement: Judgement) => {
  const { version, rules, view } = judgement;
  const { diagnosis, zone } = report;
  const host = hostName(report);
  const places = diagnosis.vms.map(({ vm }, index) => placeOf(host, vm, index));
  return {
    tool: {
      driver: {
        name: "mvdoctor",
        version,
        semanticVersion: version,
        rules: sarifRules(rules),
        notifications: NOTIFICATIONS,
      },
    },
    automationDetails: { id: `mvdoctor/${view}/${encodeURIComponent(host)}/` },
    invocations: [sarifInvocation(report, judgement)],
    logicalLocations: [
      { name: host, fullyQualifiedName: host, kind: "host" },
      ...diagnosis.vms.map(({ vm }, index) => ({
        name: vm,
        fullyQualifiedName: places[index]?.fullyQualifiedName,
        kind: "vm",
        parentIndex: 0,
      })),
    ],
    results: judgedVms(report, view).flatMap((one, index) =>
      sarifResults(one, {
        host,
        zone,
        place: placeOf(host, one.vm.vm, index),
        rules,
        asked: diagnosis.suppressions !== undefined,
      }),
    ),
    properties: {
      machineId: diagnosis.host?.machineId ?? null,
      vms: diagnosis.vms.map((vm) => answerOf(vm, view, zone)),
    },
  };
};

/** The host is the first in the table of places, and the VMs stand behind it. */
const placeOf = (host: string, vm: string, index: number): LogicalPlace => ({
  fullyQualifiedName: `${host}/${vm}`,
  index: index + 1,
});

const answerOf = (
  { vm, status, everWorked, nextStart }: VmDiagnosis,
  view: JudgedView,
  zone: string,
) =>
  view === "check"
    ? { vm, prediction: nextStart.prediction, basis: sentence(nextStart.basis, zone) }
    : { vm, status, everWorked: everWorked.answer, basis: sentence(everWorked.basis, zone) };
