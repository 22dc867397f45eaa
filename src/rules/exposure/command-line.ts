import type { EvidenceRef, FileRef } from "../../evidence/reference.ts";
import { passedValues } from "../../facts/passed-values.ts";
import { listed } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "exposure/command-line",
  severity: "warning",
  part: "risk",
  docs: {
    what: "A secret travels as a process argument.",
    why: "/proc/PID/cmdline is readable for everybody unless /proc is mounted with hidepid. The secret works; it is seen in ps, and in whatever logs command lines.",
    proof:
      "The way in the runner's text: OEM strings put together at the start, fw_cfg string=, -smbios value=, systemd.set_credential, or a read inside of a command's arguments. The command line itself is never read.",
    ruledOut: "The value travels by file: fw_cfg file=, a share.",
    confusedWith: [
      { id: "exposure/store", tell: "There the value stands in a file for everybody." },
    ],
    repair:
      "Use QEMU with credentialFiles, or a share. cloud-hypervisor has no way by file in its releases.",
    upstream: [
      {
        project: "cloud-hypervisor",
        note: "OEM strings are inline only; a variant by file is under review (#6951, #8872).",
      },
    ],
    sources: ["proc(5), /proc/pid/cmdline", "cloud-hypervisor#6951"],
  },
  requires: ["runners", "secrets"],
  *check({ runners }) {
    const runner = runners.current;
    if (runner === undefined) return;
    const onTheWay = runner.channels.filter(
      (channel) =>
        channel.kind === "oem-runtime" ||
        ((channel.kind === "fw-cfg-string" ||
          channel.kind === "smbios-argument" ||
          channel.kind === "kernel-command-line") &&
          passedValues({ ...runner, channels: [channel] }).some(
            ({ value }) => value.form === "expanded" || value.form === "literal",
          )),
    );
    const reads: readonly FileRef[] = [
      ...runner.reads.filter(({ asArgument }) => asArgument === true).map(({ ref }) => ref),
      ...(runner.credentialsDirectory?.asArgument ?? []),
    ];
    const refs = [...onTheWay.map(({ ref }) => ref), ...reads];
    const [first] = refs;
    if (first === undefined) return;
    const names = onTheWay.flatMap((channel) =>
      "names" in channel ? channel.names : "name" in channel ? [channel.name] : [],
    );
    yield {
      title: `${names.length > 0 ? listed(names) : "A secret"} travel${names.length === 1 || names.length === 0 ? "s" : ""} on the command line of the VMM`,
      explanation:
        "The value is an argument of the VMM while it runs. Every user of the host can read the arguments of every process.",
      certainty: "proven",
      subject: { runner: runner.script },
      evidence: nonEmpty<EvidenceRef>(first, ...refs.slice(1, 3)),
      scope: { secrets: names, inForce: true },
    };
  },
});
