import type { EvidenceRef } from "../../evidence/reference.ts";
import { moment } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

const SECOND = 1_000_000;
/** switch-to-configuration stops and starts units within this time, slow guests included. */
const LASTS = 180 * SECOND;

export default defineRule({
  id: "unrelated/system-switch",
  severity: "info",
  part: "note",
  docs: {
    what: "A switch of the system configuration stopped or restarted the VM.",
    why: "Somebody who tries one configuration after the other restarts the VM again and again: that is no crash loop.",
    proof:
      "switch-to-configuration's line in the journal, and a stop job of the VM right after it.",
    ruledOut: "A failure of the unit before the stop, or no switch near it.",
    confusedWith: [
      {
        id: "lifecycle/crash-loop",
        tell: "There each start fails and systemd schedules the next one.",
      },
      { id: "unrelated/stopped-by-hand", tell: "There no switch stands beside the stop." },
    ],
    repair:
      "Nothing has to be repaired; microvm.vms.NAME.restartIfChanged = false keeps a switch from restarting the VM.",
    sources: [
      "nixpkgs switch-to-configuration-ng",
      "microvm.nix nixos-modules/host/options.nix:151-160 at 71beea0",
    ],
  },
  requires: ["history", "vmJournal"],
  *check({ history, vmJournal }) {
    const switches = history.changes.filter(({ kind }) => kind === "switch");
    const told = new Set<number>();
    for (const start of vmJournal.invocations) {
      const end = start.stopping ?? start.stopped?.ref;
      if (end === undefined) continue;
      const change = switches.findLast(({ time }) => time <= end.time && end.time - time <= LASTS);
      if (change === undefined || told.has(change.time)) continue;
      told.add(change.time);
      const phase = history.phases.find(({ starts }) => starts.includes(start));
      yield {
        title: "A switch of the system stopped or restarted the VM",
        explanation: `At ${moment(change.time)} the host was switched to another configuration, and systemd stopped the VM at ${moment(end.time)} because of a job, not because of a failure.`,
        certainty: "strong",
        subject: { phase: phase?.index ?? 1 },
        evidence: nonEmpty<EvidenceRef>(change.ref, end),
        scope: { ...(phase === undefined ? {} : { phase: phase.index }), inForce: false },
      };
    }
  },
});
