import type { Invocation } from "../../evidence/journal.ts";
import { helperTroubles } from "../../facts/helper-failures.ts";
import { meaningsIn } from "../../facts/starts.ts";
import { troublesOf } from "../../facts/vmm-troubles.ts";
import { defineRule } from "../rule.ts";
import { makeInterface } from "../unrelated-remedies.ts";
import { ENDS_THE_START_OR_A_HELPER, troubleObservation } from "../vmm-trouble.ts";

export default defineRule({
  id: "unrelated/tap",
  severity: "error",
  part: "cause",
  docs: {
    what: "The VMM cannot use its TAP or macvtap interface.",
    why: "The start ends before anything of a secret matters. An interface of another queue mode, one that another VM holds, or one that is not there give different errno words.",
    proof:
      "The VMM's line about the interface or /dev/net/tun with the errno, in the starts that failed; or the same words of the unit that makes the interface, which failed in the seconds in which the VM's start failed with `dependency`.",
    ruledOut:
      "A line at warning level that the interface already exists: every start of a lasting interface prints it.",
    confusedWith: [
      {
        id: "unrelated/other-unit",
        tell: "There a unit failed that the VM needs, without a word about an interface, and the VM was not tried.",
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
  requires: ["history", "vmJournal"],
  causes: ENDS_THE_START_OR_A_HELPER,
  *check({ history, vmJournal }) {
    for (const trouble of troublesOf(history, "tap")) {
      yield troubleObservation(trouble, {
        title: "The VMM cannot use its network interface",
        explanation: `The VMM could not set up the TAP or macvtap interface ${trouble.object ?? "that its runner names"}.`,
        subject: { device: trouble.object ?? "tap" },
        remedies: makeInterface(trouble),
      });
    }
    for (const trouble of helperTroubles({ history, vmJournal }, failuresToMakeIt)) {
      yield troubleObservation(trouble, {
        title: "The VM's network interface could not be made",
        explanation:
          "The unit that makes the TAP or macvtap interface failed, and systemd then did not try the VM.",
        subject: { device: trouble.object ?? "tap" },
        remedies: makeInterface(trouble),
      });
    }
  },
});

/** With words about the interface; a helper that failed without any is told by unrelated/other-unit. */
const failuresToMakeIt = (helper: Invocation) =>
  /^microvm-(?:macv)?tap-interfaces@/u.test(helper.unit)
    ? meaningsIn(helper, "vmm-error").filter(({ meaning }) => meaning.about === "tap")
    : [];
