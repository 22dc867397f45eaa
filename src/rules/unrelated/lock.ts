import { troublesOf } from "../../facts/vmm-troubles.ts";
import { defineRule } from "../rule.ts";
import { freeFile } from "../unrelated-remedies.ts";
import { ENDS_THE_START, troubleObservation } from "../vmm-trouble.ts";

export default defineRule({
  id: "unrelated/lock",
  severity: "error",
  part: "cause",
  docs: {
    what: "An image, a socket or a lock file of the VM is held by another process.",
    why: "A VMM that is still running, or a second one started by hand, holds the image or the socket of its API. The new start ends at once.",
    proof: "The VMM's line about the lock or the address in use, in the starts that failed.",
    ruledOut: "A later start that runs.",
    confusedWith: [
      {
        id: "unrelated/volume",
        tell: "There the image may not be used at all, by nobody of this user.",
      },
    ],
    repair:
      "Stop the other process; `lsof` on the file names it. A socket that nobody serves any more can be removed.",
    sources: ["QEMU docs/system/images.rst, image locking"],
  },
  requires: ["history"],
  causes: ENDS_THE_START,
  *check({ history }) {
    for (const trouble of troublesOf(history, "lock")) {
      const isSocket = trouble.object?.endsWith(".sock") === true;
      yield troubleObservation(trouble, {
        title: isSocket
          ? `Another process holds the socket ${trouble.object}`
          : "Another process holds an image of this VM",
        explanation: isSocket
          ? "The VMM could not take the address of its own socket: another VMM of this VM still serves it, or left it behind."
          : "The VMM could not lock an image that it needs.",
        subject: { file: trouble.object ?? "image" },
        remedies: freeFile(trouble),
      });
    }
  },
});
