import type { Invocation } from "../../evidence/journal.ts";
import type { KernelLog, OomKill } from "../../evidence/kernel-log.ts";
import type { EvidenceRef } from "../../evidence/reference.ts";
import { endOfStart } from "../../facts/starts.ts";
import { troubleIn, troublesOf, type Sign } from "../../facts/vmm-troubles.ts";
import { defineRule } from "../rule.ts";
import { makeRoom } from "../unrelated-remedies.ts";
import { ENDS_THE_START, troubleObservation } from "../vmm-trouble.ts";

const SECOND = 1_000_000;
const SIGKILL = 9;

export default defineRule({
  id: "unrelated/oom",
  severity: "error",
  part: "cause",
  docs: {
    what: "The VM was killed for want of memory.",
    why: "The kernel or systemd-oomd kills the VMM, and systemd starts it again: a loop without an error of its own.",
    proof:
      "UNIT_RESULT=oom-kill; the kernel's or systemd-oomd's line about the unit or one of its processes beside a SIGKILL; or the VMM's own word that it got no memory.",
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
      const kills = phase.starts.flatMap((start) => killsOf(start, kernelLog));
      for (const trouble of troubleIn(history, phase, (start) => killed(start, kernelLog))) {
        yield troubleObservation(trouble, {
          title: "The VM was killed for want of memory",
          explanation:
            "The host ran out of memory, or the unit met its limit, and the VMM was killed.",
          subject: { unit: phase.starts[0]?.unit ?? "" },
          evidence: kills.slice(0, 1).map(({ ref }): EvidenceRef => ref),
          remedies: makeRoom(trouble),
        });
      }
    }
    for (const trouble of troublesOf(history, "memory")) {
      yield troubleObservation(trouble, {
        title: "The host has no memory for the VM",
        explanation: "The VMM asked for the guest's memory and did not get it.",
        subject: { unit: trouble.phase?.starts[0]?.unit ?? "" },
        remedies: makeRoom(trouble),
      });
    }
  },
});

const killed = (start: Invocation, log: KernelLog | undefined): readonly Sign[] => {
  if (start.result?.value === "oom-kill") return [{ ref: start.result.ref }];
  // With OOMPolicy=continue the result is a mere signal.
  // A wrapper that waits for the VMM ends with 128 and the signal.
  const signals = start.exits.some(({ code, status }) =>
    code === "killed" ? status === SIGKILL : code === "exited" && status === 128 + SIGKILL,
  );
  return signals ? killsOf(start, log).map(({ ref }) => ({ ref })) : [];
};

/** Kills that name the unit, or one of its processes, while it ran. */
const killsOf = (start: Invocation, log: KernelLog | undefined): readonly OomKill[] => {
  const end = (endOfStart(start) ?? start.last.time) + 5 * SECOND;
  const pids = new Set([
    start.firstOutput?.pid,
    start.lastOutput?.pid,
    ...start.lines.map(({ ref }) => ref.pid),
  ]);
  return (log?.kills ?? []).filter(
    ({ unit, pid, ref }) =>
      ref.time >= start.first.time &&
      ref.time <= end &&
      (unit === start.unit || (pid !== undefined && pids.has(pid))),
  );
};
