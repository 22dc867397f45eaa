import { troubleIn } from "../../facts/vmm-troubles.ts";
import { belongsToDisk, volumeErrors } from "../../facts/volumes.ts";
import { defineRule } from "../rule.ts";
import { useVolume } from "../unrelated-remedies.ts";
import { ENDS_THE_START, troubleObservation } from "../vmm-trouble.ts";

export default defineRule({
  id: "unrelated/volume",
  severity: "error",
  part: "cause",
  docs: {
    what: "An image of microvm.volumes cannot be made, opened or written.",
    why: "Permission denied, the user microvm and a crash loop: all but the path is as with a secret that may not be read. By hand as root it works.",
    proof: "The path in the line is an image of a volume, in the starts that failed.",
    ruledOut: "The path belongs to a secret or a credential.",
    confusedWith: [
      { id: "access/file-mode", tell: "There the path is a secret's." },
      { id: "unrelated/lock", tell: "There the image is there and held by another process." },
      {
        id: "unrelated/upstream-change",
        tell: "A block device that only the group disk may open: microvm.nix took that group away in 0.5.0.",
      },
    ],
    repair:
      "Give the unit's user the right to write in the image's directory, or make room on the file system.",
    sources: ["microvm.nix lib/volumes.nix and lib/runner.nix, createVolumes", "microvm.nix#246"],
  },
  requires: ["history"],
  optional: ["runnerNeeds", "secretFiles", "identity"],
  causes: ENDS_THE_START,
  *check({ history, runnerNeeds, secretFiles, identity }) {
    for (const phase of history.phases) {
      const troubles = troubleIn(history, phase, (start) =>
        // What only the group disk may open is told by unrelated/upstream-change.
        volumeErrors(start, runnerNeeds).filter(
          (error) => !belongsToDisk(error, secretFiles, identity),
        ),
      );
      for (const trouble of troubles) {
        yield troubleObservation(trouble, {
          title: `The volume ${trouble.object ?? ""} cannot be used`,
          explanation: `The runner or the VMM could not use ${trouble.object ?? "an image"}, which is a volume of the VM and no secret.`,
          subject: { path: trouble.object ?? "volume" },
          remedies: useVolume(trouble),
        });
      }
    }
  },
});
