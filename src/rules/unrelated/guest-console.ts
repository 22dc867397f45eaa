import type { EvidenceRef } from "../../evidence/reference.ts";
import { meaningsIn } from "../../facts/starts.ts";
import { counted, listed } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "unrelated/guest-console",
  severity: "error",
  part: "cause",
  docs: {
    what: "The guest itself reports a failure on its console, which the host's journal shows as if the unit had said it.",
    why: "A guest that ends in its emergency shell never runs the services that want a secret, though the unit is up on the host. Other failures of a guest are mostly noise.",
    proof:
      "Lines with the marks of a console: [FAILED], a kernel's clock, emergency mode. Only emergency mode is an error.",
    ruledOut:
      "The guest reaches its target, or shows a credential with content, later in the same start.",
    confusedWith: [
      { id: "guest/ordering", tell: "There the guest goes on and only one consumer is early." },
      { id: "unrelated/vmm-crash", tell: "There the VMM ends; here it runs." },
    ],
    repair:
      "Look at the guest's own journal: the mount or unit that failed there is named on the console.",
    sources: ["microvm.nix#464, #114", "systemd.special(7), emergency.target"],
  },
  requires: ["history"],
  causes: [
    {
      mechanism: "guest-does-not-take-it",
      effects: ["guest/empty-credential", "guest/absent-credential"],
    },
  ],
  *check({ history }) {
    for (const phase of history.phases) {
      const stuck = phase.starts.flatMap((start) => {
        const emergency = meaningsIn(start, "guest-emergency").at(-1);
        const reported = meaningsIn(start, "credential-size").some(
          ({ meaning }) => meaning.bytes > 0,
        );
        return emergency === undefined || reported ? [] : [{ start, ref: emergency.ref }];
      });
      const last = stuck.at(-1);
      const newest = phase === history.phases.findLast(({ starts }) => starts.length > 0);
      if (last !== undefined) {
        const inForce = newest && last.start === phase.starts.at(-1);
        yield {
          title: "The guest ended in its emergency shell",
          explanation:
            "The guest could not boot its system, so none of its services ran, whatever the host handed over. The unit on the host is up all the same.",
          certainty: "proven",
          ...(inForce ? {} : { severity: "info" as const }),
          subject: { phase: phase.index },
          evidence: nonEmpty<EvidenceRef>(last.ref),
          scope: { phase: phase.index, starts: stuck.map(({ start }) => start.id), inForce },
        };
        continue;
      }
      const failed = phase.starts.flatMap((start) => meaningsIn(start, "guest-failed"));
      const [first] = failed;
      if (first === undefined) continue;
      yield {
        title: `The guest's console shows ${counted(failed.length, "failure")} of its own`,
        explanation: `The guest says so of ${listed([...new Set(failed.map(({ meaning }) => meaning.what))].slice(0, 3))}. These lines carry the unit's name because its console goes to the journal; no fault of the host follows from them.`,
        certainty: "proven",
        severity: "info",
        subject: { phase: phase.index },
        evidence: nonEmpty<EvidenceRef>(first.ref),
        scope: { phase: phase.index, inForce: newest },
      };
    }
  },
});
