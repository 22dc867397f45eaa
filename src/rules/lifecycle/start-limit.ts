import { moment } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";

export default defineRule({
  id: "lifecycle/start-limit",
  severity: "error",
  part: "symptom",
  docs: {
    what: "systemd gave up starting the unit (`start-limit-hit`).",
    why: "Nothing starts the VM again until somebody resets the failure. The limit can also fall on a helper unit, and the VM then fails as its dependent.",
    proof:
      "systemd's words `Start request repeated too quickly`, or the result start-limit-hit (from 262 on); up to 257 the result still says exit-code.",
    sources: ["systemd.unit(5), StartLimitIntervalSec=", "recordings of systemd 252, 257 and 262"],
  },
  requires: ["vmJournal", "history"],
  *check({ vmJournal, history }) {
    for (const unit of new Set(vmJournal.limits.map((limit) => limit.unit))) {
      const last = vmJournal.limits.findLast((limit) => limit.unit === unit);
      if (last === undefined) continue;
      const phase = history.phases.findLast(({ start }) => start <= last.ref.time);
      const later = vmJournal.invocations.some(({ first }) => first.time > last.ref.time);
      yield {
        title: `systemd gave up starting ${unit}`,
        explanation: `At ${moment(last.ref.time)} systemd refused to start ${unit} again so soon. ${later ? "It was started later all the same." : "It stays down until `systemctl reset-failed` or a start by hand."}`,
        certainty: "proven",
        ...(later ? { severity: "info" as const } : {}),
        subject: { unit },
        evidence: [last.ref],
        scope: {
          inForce: !later,
          ...(phase === undefined
            ? {}
            : { phase: phase.index, starts: phase.starts.map(({ id }) => id) }),
        },
        remedies: [
          {
            title: "Reset the failure once the cause is repaired",
            kind: "command",
            snippet: `systemctl reset-failed ${unit} && systemctl start ${unit}`,
            clears: ["lifecycle/start-limit"],
            leaves: [
              "access/file-mode",
              "access/parent-directory",
              "source/path-missing",
              "credentials/source-missing",
            ],
            cost: "Without the repair it ends here again.",
          },
        ],
      };
    }
  },
});
