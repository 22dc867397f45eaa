import type { EverWorked, StartMark, VmStatus } from "../../diagnosis/finding.ts";
import type { Judgement } from "../judged.ts";
import { counted, oneHot, type Family } from "./exposition.ts";
import {
  findingFamilies,
  perHost,
  perVm,
  reportFamilies,
  secretFamily,
  type LookedAt,
} from "./looked-at.ts";

const STATUS: Readonly<Record<VmStatus, true>> = {
  failing: true,
  degraded: true,
  healthy: true,
  stopped: true,
  unknown: true,
};
const ANSWER: Readonly<Record<EverWorked["answer"], true>> = { yes: true, no: true, unknown: true };
const START: Readonly<Record<StartMark["outcome"], true>> = {
  failed: true,
  ended: true,
  running: true,
  "no-end": true,
};

/** How the VMs are, by what happened. */
export const diagnosisFamilies = (
  hosts: readonly LookedAt[],
  { version }: Judgement,
): readonly Family[] => [
  {
    name: "mvdoctor_info",
    help: "The version of mvdoctor that made the report; always 1.",
    samples: [{ labels: { version }, value: 1 }],
  },
  ...reportFamilies("mvdoctor", hosts, "diagnosis"),
  {
    name: "mvdoctor_required_gaps",
    help: "How many required sources could not be read, or only in part.",
    samples: perHost(
      hosts,
      ({ diagnosis }) => diagnosis.gaps.filter(({ required }) => required).length,
    ),
  },
  {
    name: "mvdoctor_other_gaps",
    help: "How many other sources could not be read, or only in part.",
    samples: perHost(
      hosts,
      ({ diagnosis }) => diagnosis.gaps.filter(({ required }) => !required).length,
    ),
  },
  {
    name: "mvdoctor_vm_status",
    help: "How a VM is: 1 for the status that it has, 0 for the others.",
    samples: perVm(hosts, ({ judged: { vm }, labels }) =>
      oneHot(labels, "status", STATUS, vm.status),
    ),
  },
  {
    name: "mvdoctor_vm_since_timestamp_seconds",
    help: "When the state of a VM began, in seconds since 1970-01-01 UTC, as far as the journal tells.",
    samples: perVm(hosts, ({ judged: { vm }, labels }) =>
      vm.since === undefined ? [] : [{ labels, value: vm.since / 1_000_000 }],
    ),
  },
  {
    name: "mvdoctor_vm_ever_worked",
    help: "Whether a secret ever reached the guest with content: 1 for the answer, 0 for the others.",
    samples: perVm(hosts, ({ judged: { vm }, labels }) =>
      oneHot(labels, "answer", ANSWER, vm.everWorked.answer),
    ),
  },
  {
    name: "mvdoctor_vm_starts",
    help: "How many starts the report looked at, by how they ended.",
    samples: perVm(hosts, ({ judged: { vm }, labels }) =>
      counted(
        labels,
        "outcome",
        START,
        vm.starts().map(({ outcome }) => outcome),
      ),
    ),
  },
  ...findingFamilies("mvdoctor_vm", hosts),
  secretFamily("mvdoctor_vm", hosts, ({ vm }) => vm.stages),
];
