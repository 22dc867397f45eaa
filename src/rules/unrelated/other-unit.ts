import { moment } from "../../facts/wording.ts";
import type { EvidenceRef } from "../../evidence/reference.ts";
import { dependencyFailures, failedBeside } from "../../facts/helper-failures.ts";
import { hasFailed } from "../../facts/starts.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "unrelated/other-unit",
  severity: "error",
  part: "cause",
  docs: {
    what: "The VM was not started because another unit that it needs failed.",
    why: "microvm@ requires its tap, macvtap, PCI, virtiofsd and set-booted units. When one fails, the VM's start fails with `dependency`, before any secret is touched.",
    proof:
      "JOB_RESULT=dependency for the VM, and the failure of a helper unit in the same seconds. systemd does not say itself which one it was.",
    ruledOut:
      "The VM's process was started: then its dependencies were met, and the failure is its own.",
    confusedWith: [
      {
        id: "lifecycle/start-limit",
        tell: "There the helper was started too often because the VM was; here it failed by itself.",
      },
      {
        id: "hypervisor/share-not-ready",
        tell: "There the VMM did start and found the share's socket missing or refusing.",
      },
      {
        id: "unrelated/tap",
        tell: "There the interface is the fault, whether a helper unit or the VMM meets it.",
      },
      {
        id: "lifecycle/condition-skipped",
        tell: "There a condition left the unit unstarted, and nothing failed.",
      },
    ],
    repair: "Repair the unit that failed, then start the VM.",
    upstream: [
      {
        project: "microvm.nix",
        from: "a3abc02 (2026-02-21)",
        note: "microvm-set-booted@ is one of the units that the VM requires; before, the VM's own ExecStartPre= did its work.",
      },
    ],
    sources: [
      "systemd.unit(5), Requires=",
      "microvm.nix nixos-modules/host/default.nix:274-318 at 71beea0",
    ],
  },
  requires: ["vmJournal", "history"],
  optional: ["otherUnits", "unit"],
  causes: [
    {
      mechanism: "helper-fails-first",
      effects: ["lifecycle/never-started", "lifecycle/crash-loop"],
    },
  ],
  *check({ vmJournal, history, otherUnits, unit }) {
    const needed = (otherUnits?.units ?? []).filter(({ name }) => unit?.needs.includes(name));
    const last = dependencyFailures(vmJournal).at(-1);
    if (last === undefined) return;
    const helper =
      failedBeside(vmJournal.helpers, last) ??
      failedBeside(
        needed.flatMap(({ starts }) => starts),
        last,
      );
    // A helper that systemd refused to start again is told by lifecycle/start-limit: it failed because the VM did.
    if (helper !== undefined && vmJournal.limits.some((limit) => limit.unit === helper.unit))
      return;
    const later = vmJournal.invocations.some(({ first }) => first.time > last.time);
    const phase = history.phases.findLast(({ start }) => start <= last.time);
    const failures = [...vmJournal.helpers, ...needed.flatMap(({ starts }) => starts)].filter(
      (start) => start.unit === helper?.unit && hasFailed(start),
    ).length;
    yield {
      title:
        helper === undefined
          ? "A unit that the VM needs failed"
          : `${helper.unit} failed, and the VM with it`,
      explanation:
        `At ${moment(last.time)} the VM's start failed with the result "dependency": it was not even tried.` +
        (helper === undefined
          ? " Which unit it was, the journal does not tell."
          : ` ${helper.unit} failed in the same seconds${failures > 1 ? `, one of ${failures} failures of it` : ""}.`) +
        (later ? " The VM was started later." : ""),
      certainty: helper === undefined ? "weak" : "strong",
      ...(later ? { severity: "info" as const } : {}),
      subject: { unit: helper?.unit ?? "unknown" },
      evidence: nonEmpty<EvidenceRef>(
        last,
        ...(helper === undefined
          ? []
          : [
              helper.result?.ref ?? helper.last,
              ...(helper.lastOutput === undefined ? [] : [helper.lastOutput]),
            ]),
      ),
      scope: {
        inForce: !later,
        ...(phase === undefined ? {} : { phase: phase.index }),
        ...(helper === undefined ? {} : { starts: [helper.id] }),
      },
      ...(helper === undefined
        ? {}
        : {
            remedies: [
              {
                title: "Look at the unit that failed",
                kind: "command" as const,
                snippet: `systemctl status ${helper.unit}; journalctl -u ${helper.unit}`,
                clears: ["unrelated/other-unit" as const],
                leaves: [],
                cost: "Reads only.",
              },
            ],
          }),
    };
  },
});
