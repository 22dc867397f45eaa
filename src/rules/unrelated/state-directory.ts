import type { Invocation } from "../../evidence/journal.ts";
import { meaningsIn } from "../../facts/starts.ts";
import { troubleIn } from "../../facts/vmm-troubles.ts";
import { defineRule } from "../rule.ts";
import { ENDS_THE_START, troubleObservation } from "../vmm-trouble.ts";

export default defineRule({
  id: "unrelated/state-directory",
  severity: "error",
  part: "cause",
  docs: {
    what: "The VM's state directory cannot be entered or written by the unit's user.",
    why: "The VMM makes its sockets and images there. Without the right to, it ends at once, with a Permission denied that is about no secret.",
    proof:
      "A failure at step CHDIR, or a refusal of a path below the state directory that is no link to a runner; the directory's owner and mode beside it.",
    ruledOut: "The refused path lies outside of the state directory.",
    confusedWith: [
      { id: "unrelated/volume", tell: "There the refused path is an image of a volume." },
      { id: "runner/missing", tell: "There the directory is fine and `current` leads to nothing." },
    ],
    repair: "chown microvm:kvm the VM's directory; microvm.nix makes it so.",
    sources: [
      "microvm.nix nixos-modules/host/default.nix:70-73 and 111-147 at 71beea0",
      "systemd.exec(5), WorkingDirectory=",
    ],
  },
  requires: ["history", "state"],
  causes: ENDS_THE_START,
  *check({ history, state }) {
    for (const phase of history.phases) {
      const troubles = troubleIn(history, phase, (start) => signsIn(start, state.path));
      for (const trouble of troubles) {
        yield troubleObservation(trouble, {
          title: `${state.path} cannot be used by the unit`,
          explanation: `The unit works in ${state.path}, and could not enter it or write there.`,
          certainty: "strong",
          subject: { path: state.path },
          evidence: [state.ref],
        });
      }
    }
  },
});

const signsIn = (start: Invocation, directory: string) => [
  ...start.spawnFailures.filter(({ step }) => step === "CHDIR").map(({ ref }) => ({ ref })),
  ...meaningsIn(start, "permission-denied")
    .filter(
      ({ meaning }) =>
        `${meaning.path}/`.startsWith(`${directory}/`) &&
        !/\/(?:current|booted|old)(?:\/|$)|\.(?:img|qcow2|raw)$/u.test(meaning.path),
    )
    .map(({ ref }) => ({ ref })),
];
