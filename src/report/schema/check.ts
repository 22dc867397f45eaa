import * as v from "valibot";
import { prediction } from "./diagnosis.ts";
import { evidence } from "./evidence.ts";
import { finding, remedy, rootCauses, suppressed } from "./finding.ts";
import { coverageOfCheck, gaps, head, host, hosts, suppressions, window } from "./looked-at.ts";
import { flag, hostOfSeveral, list, ruleId, secretStages, stage, text } from "./pieces.ts";

const stop = v.pipe(
  v.object({
    secret: text("The name of the secret."),
    stage,
    component: v.nullable(text("The path, credential or runner that stops it.")),
    rule: v.nullable(ruleId),
  }),
  v.title("Where one secret would stop"),
);

export const checkedVm = v.pipe(
  v.object({
    host: hostOfSeveral,
    vm: text("The name of the VM."),
    prediction,
    basis: text("What the answer rests on, in sentences."),
    rootCauses,
    stops: list(stop, "Where secrets would stop."),
    stages: list(secretStages, "The way of each secret."),
    findings: list(finding, "What the start would meet, without what is suppressed."),
    suppressed: list(suppressed, "What it would meet and does not count."),
    options: list(remedy, "Repairs, best first."),
  }),
  v.title("What the next start of one VM would meet"),
);

export const check = v.object({
  ...head,
  complete: flag("Every prediction is known."),
  host,
  gaps,
  window,
  coverage: coverageOfCheck,
  hosts,
  suppressions,
  vms: list(checkedVm, "The VMs, in the order asked for."),
  evidence: list(evidence, "All that was cited, in the order of the ids."),
});
