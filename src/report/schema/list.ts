import * as v from "valibot";
import { answer, status } from "./diagnosis.ts";
import { rootCauses } from "./finding.ts";
import { gaps, head, host, hosts, window } from "./looked-at.ts";
import { count, flag, hostOfSeveral, list as listOf, text, time } from "./pieces.ts";

export const listedVm = v.pipe(
  v.object({
    host: hostOfSeveral,
    vm: text("The name of the VM."),
    status,
    since: v.nullable(time("When the state began, as far as the journal tells.")),
    everWorked: answer,
    secrets: v.object({
      wanted: count("How many secrets the VM is to get."),
      reaching: count("How many of them the guest is known to have."),
    }),
    rootCauses,
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
  vms: listOf(listedVm, "The VMs."),
});
