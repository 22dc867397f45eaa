import type { Invocation } from "../../evidence/journal.ts";
import { meaningsIn } from "../../facts/starts.ts";
import { troubleIn } from "../../facts/vmm-troubles.ts";
import { defineRule } from "../rule.ts";
import { lookAtCrash } from "../unrelated-remedies.ts";
import { ENDS_THE_START, troubleObservation } from "../vmm-trouble.ts";

/** signal(7): SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS. SIGTERM and SIGKILL come from others. */
const CRASH_SIGNALS = new Set([4, 5, 6, 7, 8, 11, 31]);

export default defineRule({
  id: "unrelated/vmm-crash",
  severity: "error",
  part: "cause",
  docs: {
    what: "The VMM crashed.",
    why: "A crash of QEMU or cloud-hypervisor ends the start whatever its secrets are.",
    proof:
      "EXIT_CODE=dumped, a signal that only a fault of the program sends (or 128 and its number as the status of a wrapper), or a panic beside a failed exit.",
    ruledOut:
      "A stop job before the signal, or a signal that comes from somebody else (SIGTERM, SIGKILL).",
    confusedWith: [
      { id: "unrelated/oom", tell: "There the kernel says that it killed for want of memory." },
      {
        id: "hypervisor/argument-rejected",
        tell: "There the VMM ends by itself, with a message about its options.",
      },
    ],
    repair: "Look at `coredumpctl info`, and try another version of the VMM.",
    sources: ["systemd.journal-fields(7), EXIT_CODE=", "signal(7)"],
  },
  requires: ["history"],
  causes: ENDS_THE_START,
  *check({ history }) {
    for (const phase of history.phases) {
      for (const trouble of troubleIn(history, phase, crashesIn)) {
        yield troubleObservation(trouble, {
          title: "The VMM crashed",
          explanation:
            "The process of the VM ended by a fault of its own, not by its arguments and not by a stop.",
          subject: { unit: phase.starts[0]?.unit ?? "" },
          remedies: lookAtCrash(trouble),
        });
      }
    }
  },
});

const crashesIn = (start: Invocation) => {
  if (start.stopping !== undefined || ["oom-kill", "watchdog"].includes(start.result?.value ?? ""))
    return [];
  const signals = start.exits
    .filter(
      ({ code, status }) => code === "dumped" || (code === "killed" && CRASH_SIGNALS.has(status)),
    )
    .map(({ ref }) => ({ ref }));
  if (signals.length > 0) return signals;
  // A shell that waits for the VMM passes its signal on as 128 and more (bash(1), EXIT STATUS).
  const passedOn = start.exits.filter(
    ({ code, status }) => code === "exited" && CRASH_SIGNALS.has(status - 128),
  );
  if (passedOn.length > 0) return passedOn.map(({ ref }) => ({ ref }));
  const failed = start.exits.some(({ code, status }) => code === "exited" && status !== 0);
  return failed
    ? meaningsIn(start, "vmm-error")
        .filter(({ meaning }) => meaning.about === "panic")
        .map(({ ref }) => ({ ref }))
    : [];
};
