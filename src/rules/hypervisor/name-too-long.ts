import type { EvidenceRef } from "../../evidence/reference.ts";
import { namesOfGuest } from "../../facts/secrets.ts";
import { meaningsIn } from "../../facts/starts.ts";
import { ENDS_THE_VMM } from "../hypervisor-effects.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

/** QEMU's fw_cfg takes 55 characters, of which opt/io.systemd.credentials/ needs 27 (hw/nvram/fw_cfg.c, measured on 7.2). */
const MOST = 28;

export default defineRule({
  id: "hypervisor/name-too-long",
  severity: "error",
  part: "cause",
  docs: {
    what: "The name of the credential does not fit the channel: fw_cfg takes 28 characters.",
    why: "QEMU ends at once with `name too long`. What is in the file does not matter.",
    proof: "The name in the runner's text, counted; QEMU's own words.",
    ruledOut: "All names have 28 characters or fewer.",
    confusedWith: [
      { id: "hypervisor/argument-rejected", tell: "There another option or value is refused." },
      { id: "hypervisor/too-large", tell: "There the value is too long." },
    ],
    repair: "Give the credential a shorter name in credentialFiles and in the guest.",
    sources: ["QEMU docs/specs/fw_cfg.rst", "microvm.nix#511", "measured on QEMU 7.2"],
  },
  requires: ["runners", "secrets"],
  optional: ["history"],
  causes: ENDS_THE_VMM,
  *check({ runners, secrets, history }) {
    const phase = history?.phases.findLast(({ starts }) => starts.length > 0);
    const words = (phase?.starts ?? []).flatMap((start) =>
      meaningsIn(start, "vmm-error")
        .filter(({ meaning }) => meaning.about === "name-length")
        .map(({ ref }) => ({ start, ref })),
    );
    for (const channel of runners.current?.channels ?? []) {
      if (channel.kind !== "fw-cfg-file" && channel.kind !== "fw-cfg-string") continue;
      if (channel.name.length <= MOST) continue;
      yield {
        title: `The name ${channel.name} is too long for fw_cfg`,
        explanation: `It has ${channel.name.length} characters; QEMU takes ${MOST} behind opt/io.systemd.credentials/, and ends with longer ones.`,
        certainty: "proven",
        subject: { credential: channel.name, length: channel.name.length, most: MOST },
        evidence: nonEmpty<EvidenceRef>(channel.ref, ...words.slice(0, 1).map(({ ref }) => ref)),
        scope: {
          secrets: namesOfGuest(secrets, [channel.name]),
          starts: words.map(({ start }) => start.id),
          inForce: true,
          ...(phase === undefined ? {} : { phase: phase.index }),
        },
      };
    }
  },
});
