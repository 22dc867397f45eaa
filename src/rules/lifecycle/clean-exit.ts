import type { EvidenceRef } from "../../evidence/reference.ts";
import { counted, moment } from "../../facts/wording.ts";
import { formatDuration } from "../../time/format-time.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "lifecycle/clean-exit",
  severity: "error",
  part: "symptom",
  docs: {
    what: "The guest or the VMM ends by itself with success, and systemd starts it again.",
    why: "Restart=always restarts what ended well, too. Nothing is red, and the VM is never up for long: a guest that powers off, panics with panic=-1, or a runner that ends without starting a VMM.",
    proof:
      "Four starts or more in a row that ended with success, each followed by a restart that systemd scheduled.",
    ruledOut: "A stop job, or starts that fail.",
    confusedWith: [
      { id: "lifecycle/crash-loop", tell: "There the starts fail." },
      {
        id: "unrelated/stopped-by-hand",
        tell: "There a job stopped the VM, and systemd schedules no restart.",
      },
    ],
    repair: "It is a symptom: look at the guest's last lines before each end.",
    sources: ["systemd.service(5), Restart=", "recordings of systemd 252, 257 and 262"],
  },
  requires: ["history"],
  *check({ history }) {
    const newest = history.phases.findLast(({ starts }) => starts.length > 0);
    for (const phase of history.phases) {
      const { loop } = phase;
      if (loop === undefined || loop.failed * 2 >= loop.count) continue;
      const [first] = loop.starts;
      const last = loop.starts.at(-1) ?? first;
      yield {
        title: `${counted(loop.count, "start")} in a row ended with success, one every ${formatDuration(loop.period)}`,
        explanation: `From ${moment(loop.first)} to ${moment(loop.last)} the VM ended by itself ${loop.count - loop.failed} times without a failure, and systemd started it again each time.`,
        certainty: "proven",
        ...(phase === newest ? {} : { severity: "info" as const }),
        subject: {
          unit: first.unit,
          count: loop.count,
          period: Math.round(loop.period / 1000) / 1000,
        },
        evidence: nonEmpty<EvidenceRef>(
          first.succeeded ?? first.last,
          ...(first.restart === undefined ? [] : [first.restart]),
          last.succeeded ?? last.last,
        ),
        scope: {
          phase: phase.index,
          starts: loop.starts.map(({ id }) => id),
          inForce: phase === newest,
        },
      };
    }
  },
});
