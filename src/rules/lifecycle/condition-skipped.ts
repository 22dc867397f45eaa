import type { EvidenceRef } from "../../evidence/reference.ts";
import { counted, isVmUnit, moment } from "../../facts/wording.ts";
import { journalCarries } from "../../facts/journal-coverage.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "lifecycle/condition-skipped",
  severity: "error",
  part: "symptom",
  docs: {
    what: "A start was skipped by an unmet condition.",
    why: "A skipped start is no failure for systemd: nothing is red, nothing restarts, the VM is simply not there.",
    proof:
      "systemd's line about the condition. It carries the same message id as a start that is done; only its words differ.",
    ruledOut:
      "A start after the skip, or a condition of an optional helper unit only: a VM without macvtap or PCI devices skips those at each start, and nothing is wrong.",
    confusedWith: [
      {
        id: "runner/missing",
        tell: "That is the usual cause: `current` leads to no bin/microvm-run.",
      },
      {
        id: "unrelated/stopped-by-hand",
        tell: "There a stop job ended the unit; here a start was asked for and nothing ran.",
      },
      {
        id: "lifecycle/start-limit",
        tell: "There systemd refused the start and the unit is failed; here it is merely inactive.",
      },
    ],
    repair:
      "Bring back what the condition asks for (for microvm@ the runner in the state directory) and start the unit again.",
    upstream: [
      {
        project: "microvm.nix",
        note: "microvm@ has ConditionPathExists= on current/bin/microvm-run. Read at b9206e2 (2025-09-17) and 71beea0 (2026-08-09).",
      },
    ],
    sources: ["systemd.unit(5), ConditionPathExists=", "recordings of systemd 252, 257 and 262"],
  },
  requires: ["vmJournal", "history"],
  optional: ["hostJournal"],
  *check({ vmJournal, history, hostJournal }) {
    const skipped = vmJournal.skipped.filter(({ unit }) => isVmUnit(unit));
    const last = skipped.at(-1);
    const [first] = skipped;
    if (last === undefined || first === undefined) return;
    const later = vmJournal.invocations.some((start) => start.first.time > last.ref.time);
    const phase = history.phases.findLast(({ start }) => start <= last.ref.time);
    yield {
      title: `systemd skipped ${counted(skipped.length, "start")} of the VM`,
      explanation:
        `Last at ${moment(last.ref.time)}${last.condition === undefined ? "" : `, because ${last.condition} did not hold`}. Nothing ran and nothing failed.` +
        (later ? " A later start went through." : " The journal holds no start since."),
      certainty: "proven",
      ...(later ? { severity: "info" as const } : {}),
      subject: {
        unit: last.unit,
        ...(last.condition === undefined ? {} : { condition: last.condition }),
      },
      evidence: nonEmpty<EvidenceRef>(
        last.ref,
        ...(first === last ? [] : [first.ref]),
        ...(later ? [] : journalCarries(hostJournal, "starts of the VM", { since: last.ref.time })),
      ),
      scope: { inForce: !later, ...(phase === undefined ? {} : { phase: phase.index }) },
    };
  },
});
