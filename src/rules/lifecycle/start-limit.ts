import type { OutputMeaning } from "../../evidence/output.ts";
import type { EvidenceRef } from "../../evidence/reference.ts";
import { moment } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

const FAILURES: ReadonlySet<OutputMeaning["kind"]> = new Set([
  "permission-denied",
  "no-such-file",
  "vmm-error",
  "credential-file-missing",
  "guest-panic",
]);

export default defineRule({
  id: "lifecycle/start-limit",
  severity: "error",
  part: "symptom",
  docs: {
    what: "systemd gave up starting the unit (`start-limit-hit`).",
    why: "Nothing starts the VM again until somebody resets the failure. The limit can also fall on a helper unit, and the VM then fails as its dependent.",
    proof:
      "systemd's words `Start request repeated too quickly`, or the result start-limit-hit (from 262 on); up to 257 the result still says exit-code.",
    ruledOut: "A start of the same unit after the refusal.",
    confusedWith: [
      {
        id: "lifecycle/crash-loop",
        tell: "A loop goes on; here systemd has ended it. Many loops never reach the limit.",
      },
      {
        id: "unrelated/other-unit",
        tell: "There a helper failed by itself; here it was started too often because the VM was.",
      },
      {
        id: "unrelated/stopped-by-hand",
        tell: "There a stop job ended the unit and it is inactive, not failed.",
      },
    ],
    repair: "Repair what ends each start, then `systemctl reset-failed` and start the unit again.",
    upstream: [
      {
        project: "systemd",
        until: "262",
        note: "The result is that of the last failure (exit-code), and only the words tell; seen with 252 and 257. With 262 it is start-limit-hit. The versions between were not looked at.",
      },
      {
        project: "microvm.nix",
        until: "1301dc4 (2023-11-17)",
        note: "With RestartSec=1s the VM's own loop ends here. Later it takes starts by hand, or a helper unit, to reach the limit.",
      },
    ],
    sources: ["systemd.unit(5), StartLimitIntervalSec=", "recordings of systemd 252, 257 and 262"],
  },
  requires: ["vmJournal", "history"],
  optional: ["unit"],
  *check({ vmJournal, history, unit: vm }) {
    for (const unit of new Set(vmJournal.limits.map((limit) => limit.unit))) {
      const last = vmJournal.limits.findLast((limit) => limit.unit === unit);
      if (last === undefined) continue;
      const phase = history.phases.findLast(({ start }) => start <= last.ref.time);
      const failing = history.phases.findLast(
        ({ start, starts }) => starts.length > 0 && start <= last.ref.time,
      );
      // A failure with words of its own is explained elsewhere; one without leaves the reader with the limit alone.
      const isExplained = (failing?.starts ?? []).some(
        (start) =>
          start.spawnFailures.length > 0 ||
          start.lines.some(({ meanings }) => meanings.some(({ kind }) => FAILURES.has(kind))),
      );
      const later = vmJournal.invocations.some(({ first }) => first.time > last.ref.time);
      yield {
        title: `systemd gave up starting ${unit}`,
        explanation:
          `At ${moment(last.ref.time)} systemd refused to start ${unit} again so soon. ${later ? "It was started later all the same." : "It stays down until `systemctl reset-failed` or a start by hand."}` +
          (vm?.restartSec === undefined
            ? ""
            : ` The unit waits ${vm.restartSec.value} before each restart; with the 5s of microvm.nix the default limit of 5 starts in 10 s is never reached.`) +
          (isExplained
            ? " What its starts failed over stands beside it."
            : " The journal does not say what its starts failed over."),
        certainty: "proven",
        ...(later ? { severity: "info" as const } : {}),
        subject: { unit },
        evidence: nonEmpty<EvidenceRef>(
          last.ref,
          ...(vm?.restartSec === undefined ? [] : [vm.restartSec.ref]),
        ),
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
