import * as v from "valibot";
import { answer, status } from "./diagnosis.ts";
import { rootCauses } from "./finding.ts";
import { gaps, head, host, hosts, window } from "./looked-at.ts";
import { count, flag, hostOfSeveral, list as listOf, oneOf, text, time } from "./pieces.ts";

export const listedVm = v.pipe(
  v.object({
    host: hostOfSeveral,
    vm: text("The name of the VM."),
    status,
    state: oneOf(
      [
        "failed",
        "looping",
        "starting",
        "running",
        "stopping",
        "stopped",
        "never-started",
        "unknown",
      ],
      "What its unit does: systemd's word, or what its last lines in the journal leave.",
    ),
    since: v.nullable(time("When `state` began, as far as is known.")),
    lastsSeconds: v.nullable(count("For how many seconds it has been so.")),
    restarts: v.nullable(
      count("How often systemd started it again by itself; null where no journal could be read."),
    ),
    hypervisor: v.nullable(text("The VMM that its runner starts, where that is known.")),
    flavour: v.nullable(
      text("How it is installed; null where the state directory could not be read."),
    ),
    version: oneOf(
      ["current", "stale", "outdated", "not-booted", "runner-changed", "not-installed", "unknown"],
      "How what is booted, installed and declared stand to each other, as `microvm -l` says it.",
    ),
    everWorked: answer,
    secrets: v.pipe(
      v.object({
        wanted: count("How many secrets somebody wants for it."),
        told: count("Of how many it is known whether the guest has them."),
        reaching: count("How many of them the guest has."),
      }),
      v.title("How many secrets come through"),
    ),
    rootCauses,
    causeNotSought: v.nullable(
      oneOf(
        ["well", "stopped", "unknown", "limit"],
        "Why no cause was looked for; `limit` where others were looked at before it.",
      ),
    ),
  }),
  v.title("One VM at a glance"),
);

export const list = v.object({
  ...head,
  complete: flag("Everything that is required could be read."),
  host,
  gaps,
  window,
  hosts,
  causes: v.pipe(
    v.object({
      most: v.nullable(count("In how many VMs at most; null for all that are not well.")),
      leftOut: count("How many VMs that are not well were left out for it."),
    }),
    v.title("In how many VMs a cause was looked for"),
  ),
  vms: listOf(listedVm, "The VMs."),
});
