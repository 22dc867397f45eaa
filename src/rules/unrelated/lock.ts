import { troublesOf } from "../../facts/vmm-troubles.ts";
import { defineRule } from "../rule.ts";
import { ENDS_THE_START, troubleObservation } from "../vmm-trouble.ts";

export default defineRule({
  id: "unrelated/lock",
  severity: "error",
  part: "cause",
  docs: {
    what: "An image of the VM is locked by another process.",
    why: "A VMM that is still running, or a second one started by hand, holds the image. The new start ends at once.",
    proof: "The VMM's line about the lock, in the starts that failed.",
    ruledOut: "A later start that runs.",
    confusedWith: [
      {
        id: "unrelated/volume",
        tell: "There the image may not be used at all, by nobody of this user.",
      },
    ],
    repair: "Stop the other process; `lsof` on the image names it.",
    sources: ["QEMU docs/system/images.rst, image locking"],
  },
  requires: ["history"],
  causes: ENDS_THE_START,
  *check({ history }) {
    for (const trouble of troublesOf(history, "lock")) {
      yield troubleObservation(trouble, {
        title: "Another process holds an image of this VM",
        explanation: "The VMM could not lock an image that it needs.",
        subject: { file: trouble.object ?? "image" },
      });
    }
  },
});
