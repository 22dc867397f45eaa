import { troublesOf } from "../../facts/vmm-troubles.ts";
import { defineRule } from "../rule.ts";
import { ownAddress } from "../unrelated-remedies.ts";
import { ENDS_THE_START, troubleObservation } from "../vmm-trouble.ts";

export default defineRule({
  id: "unrelated/vsock",
  severity: "error",
  part: "cause",
  docs: {
    what: "The VMM cannot have its vsock: the CID is taken, or the device may not be used.",
    why: "Two VMs with one CID cannot run together. The second loops while the first is fine.",
    proof: "The VMM's line about the guest CID or vsock with the errno, in the starts that failed.",
    ruledOut: "A later start that runs.",
    confusedWith: [
      {
        id: "unrelated/start-timeout",
        tell: "There vsock is up and the guest's readiness never comes.",
      },
    ],
    repair: "Give each VM a microvm.vsock.cid of its own.",
    sources: ["microvm.nix options.nix: microvm.vsock.cid", "vsock(7)"],
  },
  requires: ["history"],
  causes: ENDS_THE_START,
  *check({ history }) {
    for (const trouble of troublesOf(history, "vsock")) {
      yield troubleObservation(trouble, {
        title: "The VMM cannot have its vsock address",
        explanation:
          "The VMM could not take the vsock address of its guest; another VM may hold it.",
        subject: { device: trouble.object ?? "vsock" },
        remedies: ownAddress(trouble),
      });
    }
  },
});
