import type { EvidenceRef } from "../../evidence/reference.ts";
import { troubleIn } from "../../facts/vmm-troubles.ts";
import { defineRule } from "../rule.ts";
import { ENDS_THE_START, troubleObservation } from "../vmm-trouble.ts";

export default defineRule({
  id: "unrelated/oom",
  severity: "error",
  part: "cause",
  docs: {
    what: "The VM was killed for want of memory.",
    why: "The kernel or systemd-oomd kills the VMM, and systemd starts it again: a loop without an error of its own.",
    proof: "UNIT_RESULT=oom-kill, or the kernel's or systemd-oomd's line about the unit.",
    ruledOut: "A kill without such a line: somebody else sent the signal.",
    confusedWith: [
      {
        id: "unrelated/vmm-crash",
        tell: "There the VMM ends by a fault of its own: SIGSEGV, SIGABRT.",
      },
      { id: "unrelated/stopped-by-hand", tell: "There a stop job stands before the signal." },
    ],
    repair:
      "Give the VM less memory, or the host more; microvm.mem is taken from the host in full.",
    sources: ["systemd.exec(5), OOMPolicy=", "mm/oom_kill.c of Linux"],
  },
  requires: ["history"],
  optional: ["kernelLog"],
  causes: ENDS_THE_START,
  *check({ history, kernelLog }) {
    for (const phase of history.phases) {
      const kills = (kernelLog?.kills ?? []).filter(({ unit, ref }) =>
        phase.starts.some(
          (start) =>
            start.unit === unit &&
            ref.time >= start.first.time &&
            ref.time <= start.last.time + 5_000_000,
        ),
      );
      const troubles = troubleIn(history, phase, (start) =>
        start.result?.value === "oom-kill"
          ? [{ ref: start.result.ref }]
          : kills.filter(
              ({ ref }) =>
                ref.time >= start.first.time &&
                ref.time <= start.last.time + 5_000_000 &&
                start.exits.some(({ code, status }) => code === "killed" && status === 9),
            ),
      );
      for (const trouble of troubles) {
        yield troubleObservation(trouble, {
          title: "The VM was killed for want of memory",
          explanation:
            "The host ran out of memory, or the unit met its limit, and the VMM was killed.",
          subject: { unit: phase.starts[0]?.unit ?? "" },
          evidence: kills.slice(0, 1).map(({ ref }): EvidenceRef => ref),
        });
      }
    }
  },
});
