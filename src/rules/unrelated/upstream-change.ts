import type { Invocation } from "../../evidence/journal.ts";
import type { EvidenceRef } from "../../evidence/reference.ts";
import { meaningsIn } from "../../facts/starts.ts";
import { troubleIn } from "../../facts/vmm-troubles.ts";
import { volumeErrors } from "../../facts/volumes.ts";
import { defineRule } from "../rule.ts";
import { ENDS_THE_START, troubleObservation } from "../vmm-trouble.ts";

export default defineRule({
  id: "unrelated/upstream-change",
  severity: "error",
  part: "cause",
  docs: {
    what: "A known change of behaviour in microvm.nix, systemd or a VMM explains the failure.",
    why: "After an update something is refused that used to work, with words that sound like a secret's: a block device, or a credential that a program finds too widely readable.",
    proof:
      "A refusal of a block device, or a program's own complaint about the mode 0440 of a credential under systemd 254 or later.",
    ruledOut: "A version outside of the range, or another path.",
    confusedWith: [
      {
        id: "access/file-mode",
        tell: "There a secret may not be read. Here it may, and a program is too strict, or the path is a disk.",
      },
      { id: "unrelated/volume", tell: "There the image is a file, or it is missing or full." },
    ],
    repair:
      "Give the user microvm the group disk (or a udev rule) for block devices; switch off the program's check of modes, since the ACL of a credential lets only its user read.",
    upstream: [
      {
        project: "microvm.nix",
        from: "0.5.0 (2024-04)",
        note: "The user microvm is no longer a member of the group disk.",
      },
      {
        project: "systemd",
        from: "254",
        note: "Credentials of another user are 0400 with an ACL for that user, which stat(2) shows as 0440.",
      },
    ],
    sources: ["microvm.nix CHANGELOG 0.5.0, #222", "systemd#29435"],
  },
  requires: ["history"],
  optional: ["platform"],
  causes: ENDS_THE_START,
  *check({ history, platform }) {
    for (const phase of history.phases) {
      const disks = troubleIn(history, phase, (start) =>
        volumeErrors(start, undefined).filter(({ isDevice, refused }) => isDevice && refused),
      );
      for (const trouble of disks) {
        yield troubleObservation(trouble, {
          title: `The unit's user may not open the block device ${trouble.object ?? ""}`,
          explanation:
            "Block devices belong to the group disk. Since microvm.nix 0.5.0 the user microvm is no member of it, so a volume on a block device needs a rule of its own.",
          certainty: "strong",
          subject: { path: trouble.object ?? "" },
        });
      }
      // Before 254 a mode of 0440 has another reason.
      if (platform?.systemd !== undefined && platform.systemd.major < 254) continue;
      for (const trouble of troubleIn(history, phase, modeComplaints)) {
        yield troubleObservation(trouble, {
          title: "A program refuses a credential for its mode",
          explanation:
            "The program finds the credential readable for its group. Since systemd 254 that is how an ACL for one user looks: nobody else may read it, and no chmod is needed.",
          certainty: platform?.systemd === undefined ? "weak" : "strong",
          subject: { systemd: platform?.systemd?.text ?? "unknown" },
          evidence:
            platform?.systemd === undefined ? [] : [platform.systemd.ref satisfies EvidenceRef],
        });
      }
    }
  },
});

const modeComplaints = (start: Invocation) =>
  meaningsIn(start, "credential-mode").map(({ ref }) => ({ ref }));
