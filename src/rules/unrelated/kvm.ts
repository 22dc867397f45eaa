import { troublesOf } from "../../facts/vmm-troubles.ts";
import { defineRule } from "../rule.ts";
import { openKvm } from "../unrelated-remedies.ts";
import { ENDS_THE_START, troubleObservation } from "../vmm-trouble.ts";

export default defineRule({
  id: "unrelated/kvm",
  severity: "error",
  part: "cause",
  docs: {
    what: "The VMM may not use /dev/kvm, or there is none.",
    why: "It looks like a secret that may not be read: Permission denied, the user microvm, a loop. With accel=kvm:tcg QEMU goes on without KVM, many times slower, and then runs into timeouts.",
    proof: "The VMM's own line about KVM with the errno, in the starts that failed.",
    ruledOut: "A later start that runs, or a refusal of another path in the same start.",
    confusedWith: [
      { id: "access/file-mode", tell: "There the path that is refused is a secret's." },
      {
        id: "unrelated/start-timeout",
        tell: "That may follow from it: a guest without KVM boots too slowly.",
      },
    ],
    repair:
      "Give the unit's user the group kvm, or load the KVM module; a nested host needs nested virtualisation.",
    sources: ["measured on QEMU 7.2 as an ordinary user", "firecracker docs/getting-started.md"],
  },
  requires: ["history"],
  optional: ["platform"],
  causes: [
    ...ENDS_THE_START,
    {
      mechanism: "vmm-ends-the-start",
      effects: ["unrelated/vmm-crash", "unrelated/start-timeout"],
    },
  ],
  *check({ history, platform }) {
    for (const trouble of troublesOf(history, "kvm")) {
      const device = platform?.devices.kvm;
      const absent = platform !== undefined && device === undefined && platform.hasDevices;
      yield troubleObservation(trouble, {
        title: absent ? "The host has no /dev/kvm" : "The VMM may not use /dev/kvm",
        explanation: absent
          ? "The VMM asks for KVM, and the host has no such device."
          : "The VMM asks for KVM and is refused.",
        subject: { device: "/dev/kvm" },
        evidence: device === undefined ? [] : [device],
        remedies: openKvm(trouble, absent),
      });
    }
  },
});
