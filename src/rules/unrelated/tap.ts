import { troublesOf } from "../../facts/vmm-troubles.ts";
import { defineRule } from "../rule.ts";
import { ENDS_THE_START, troubleObservation } from "../vmm-trouble.ts";

export default defineRule({
  id: "unrelated/tap",
  severity: "error",
  part: "cause",
  docs: {
    what: "The VMM cannot use its TAP or macvtap interface.",
    why: "The start ends before anything of a secret matters. An interface of another queue mode, one that another VM holds, or one that is not there give different errno words.",
    proof:
      "The VMM's line about the interface or /dev/net/tun with the errno, in the starts that failed.",
    ruledOut:
      "A line at warning level that the interface already exists: every start of a lasting interface prints it.",
    confusedWith: [
      {
        id: "unrelated/other-unit",
        tell: "There the unit that makes the interface failed, and the VM was not tried.",
      },
      {
        id: "runner/stale-current",
        tell: "An old runner without bin/tap-up leaves the interface out.",
      },
    ],
    repair:
      "Make the interface as the runner's share/microvm/tap-flags say (multi_queue, vnet_hdr), and let one VM use it.",
    sources: ["microvm.nix lib/runner.nix at 71beea0: share/microvm/tap-flags", "microvm.nix#300"],
  },
  requires: ["history"],
  causes: ENDS_THE_START,
  *check({ history }) {
    for (const trouble of troublesOf(history, "tap")) {
      yield troubleObservation(trouble, {
        title: "The VMM cannot use its network interface",
        explanation: "The VMM could not set up the TAP or macvtap interface that its runner names.",
        subject: { device: trouble.object ?? "tap" },
      });
    }
  },
});
