import type { Invocation } from "../../evidence/journal.ts";
import type { StateDirectory } from "../../evidence/state-directory.ts";
import { octal } from "../../facts/wording.ts";
import { meaningsIn } from "../../facts/starts.ts";
import { helperTroubles } from "../../facts/helper-failures.ts";
import { beforeGuest, troubleIn, type Sign, type Trouble } from "../../facts/vmm-troubles.ts";
import { defineRule, type Observation } from "../rule.ts";
import { ownDirectory } from "../unrelated-remedies.ts";
import { ENDS_THE_START_OR_A_HELPER, troubleObservation } from "../vmm-trouble.ts";

export default defineRule({
  id: "unrelated/state-directory",
  severity: "error",
  part: "cause",
  docs: {
    what: "The VM's state directory cannot be entered or written by the unit's user.",
    why: "The VMM makes its sockets and images there. Without the right to, it ends at once, with a Permission denied that is about no secret.",
    proof:
      "A failure at step CHDIR, or a refusal of a path below the state directory that is no link to a runner, in the VM's own starts or in those of a helper unit; the directory's owner and mode beside it.",
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
  requires: ["history", "vmJournal"],
  optional: ["state"],
  causes: ENDS_THE_START_OR_A_HELPER,
  *check({ history, state, vmJournal }) {
    for (const phase of history.phases) {
      const troubles = troubleIn(history, phase, (start) => signsIn(start, state?.path));
      for (const trouble of troubles) yield observed(trouble, state);
    }
    const helpers = helperTroubles({ history, vmJournal }, (helper) =>
      signsIn(helper, state?.path),
    );
    for (const trouble of helpers) yield observed(trouble, state);
  },
});

const observed = (trouble: Trouble, state: StateDirectory | undefined): Observation => {
  const where = state?.path ?? "the state directory of the VM";
  const stat = state?.ref.stat;
  return troubleObservation(trouble, {
    title: `The unit cannot use ${where}`,
    explanation: `The unit works in ${where}${stat === undefined ? "" : ` (mode ${octal(stat.mode)}, of uid ${stat.uid} and gid ${stat.gid})`}, and could not enter it or write ${trouble.object ?? "there"}.`,
    certainty: "strong",
    subject: { directory: where },
    evidence: state === undefined ? [] : [state.ref],
    remedies: state === undefined ? [] : ownDirectory(state.path),
  });
};

const signsIn = (start: Invocation, directory: string | undefined): readonly Sign[] => [
  ...start.spawnFailures.filter(({ step }) => step === "CHDIR").map(({ ref }) => ({ ref })),
  ...beforeGuest(start, meaningsIn(start, "permission-denied"))
    .filter(
      ({ meaning }) =>
        directory !== undefined &&
        `${meaning.path}/`.startsWith(`${directory}/`) &&
        !/\/(?:current|booted|old)(?:\/|$)|\.(?:img|qcow2|raw)$/u.test(meaning.path),
    )
    .map(({ ref, meaning }) => ({ ref, meaning: { object: meaning.path } })),
  ...beforeGuest(start, meaningsIn(start, "vmm-error")).filter(
    ({ meaning }) => meaning.about === "directory",
  ),
];
