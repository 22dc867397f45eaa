import type { VmDiagnosis } from "../diagnosis/finding.ts";
import { formatTime } from "../time/format-time.ts";
import type { Report } from "./report.ts";
import { plain } from "./words.ts";

/** The heads of the columns of an overview of VMs that were diagnosed. */
export const HEADINGS = ["VM", "STATUS", "SINCE", "SECRETS", "CAUSE"] as const;

/** The cells of a VM, in the order of the headings. */
export const rowOf = (vm: VmDiagnosis, { zone }: Report): readonly string[] => [
  plain(vm.vm),
  vm.status,
  vm.since === undefined ? "-" : formatTime(vm.since, zone),
  secretsOf(vm),
  vm.rootCauses[0] ?? "-",
];

/** `2 of 3`: the secrets that the guest is known to have, of those that it is to get. */
const secretsOf = ({ stages }: VmDiagnosis): string =>
  stages.length === 0 ? "-" : `${reaching(stages)} of ${stages.length}`;

const reaching = (stages: VmDiagnosis["stages"]): number =>
  stages.filter(({ stages: { guest } }) => guest === "ok").length;
