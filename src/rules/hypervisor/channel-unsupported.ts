import type { EvidenceRef } from "../../evidence/reference.ts";
import { namesOfGuest } from "../../facts/secrets.ts";
import { listed } from "../../facts/wording.ts";
import { LOST_ON_THE_WAY } from "../hypervisor-effects.ts";
import { waysToHandOver } from "../remedies.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "hypervisor/channel-unsupported",
  severity: "error",
  part: "cause",
  docs: {
    what: "This VMM cannot carry the chosen channel.",
    why: "QEMU's microvm machine has no SMBIOS tables and accepts -smbios all the same; cloud-hypervisor has SMBIOS on x86_64 alone. The VM is healthy and its guest has no credential.",
    proof: "The channel and the machine type in the runner's text, or the host's architecture.",
    ruledOut: "The guest lists the credential as received.",
    confusedWith: [
      {
        id: "guest/not-imported",
        tell: "There the VMM shows it, and the guest's kernel lacks the module.",
      },
      {
        id: "runner/not-deployed",
        tell: "credentialFiles outside of QEMU fails when the configuration is evaluated, so the old runner stays.",
      },
    ],
    repair: "Use credentialFiles (fw_cfg) with QEMU, another machine type, or a share.",
    upstream: [
      {
        project: "microvm.nix",
        from: "aa5612f (2025-07-23)",
        note: "credentialFiles is refused at evaluation for every hypervisor but QEMU.",
      },
      { project: "QEMU", note: "-M microvm builds no SMBIOS tables (measured on 7.2)." },
    ],
    sources: [
      "microvm.nix lib/runners/*.nix at 71beea0",
      "cloud-hypervisor arch/src/x86_64/smbios.rs",
      "measured on QEMU 7.2",
    ],
  },
  requires: ["runners", "secrets"],
  optional: ["platform", "unit", "history"],
  causes: LOST_ON_THE_WAY,
  *check({ runners, secrets, platform, unit, history }) {
    const runner = runners.current;
    if (runner === undefined) return;
    const phase = history?.phases.findLast(({ starts }) => starts.length > 0);
    const place = {
      inForce: true,
      starts: phase?.starts.map(({ id }) => id) ?? [],
      ...(phase === undefined ? {} : { phase: phase.index }),
    };
    for (const channel of runner.channels) {
      const why =
        channel.kind === "smbios-argument" &&
        runner.hypervisor === "qemu" &&
        runner.machine === "microvm"
          ? "QEMU's microvm machine has no SMBIOS tables: it takes -smbios without a word and shows the guest nothing."
          : (channel.kind === "oem-runtime" || channel.kind === "oem-literal") &&
              runner.hypervisor === "cloud-hypervisor" &&
              platform?.architecture !== undefined &&
              platform.architecture !== "x86_64"
            ? `cloud-hypervisor builds SMBIOS tables on x86_64 alone, and this host is ${platform.architecture}.`
            : undefined;
      if (why === undefined || !("names" in channel)) continue;
      const names = namesOfGuest(secrets, channel.names);
      yield {
        title: "The VMM cannot show the credentials to the guest on this way",
        explanation:
          `${why} ${channel.names.length > 0 ? `${listed(channel.names)} never reach${channel.names.length === 1 ? "es" : ""} the guest.` : ""}`.trim(),
        certainty: "proven",
        subject: { channel: channel.kind, hypervisor: runner.hypervisor ?? "unknown" },
        evidence: nonEmpty<EvidenceRef>(channel.ref, runner.ref),
        scope: { ...place, secrets: names.length > 0 ? names : secrets.map(({ name }) => name) },
        remedies: waysToHandOver({
          vm: unit?.name.replace(/^microvm@|\.service$/gu, "") ?? runner.guestName ?? "NAME",
          unit,
          runner,
          secrets,
        }),
      };
    }
  },
});
