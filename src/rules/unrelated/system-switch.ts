import type { EvidenceRef } from "../../evidence/reference.ts";
import { stopsOf } from "../../facts/stops.ts";
import { counted, moment } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

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
  requires: ["history", "vmJournal", "hostJournal"],
  *check(knowledge) {
    const { history } = knowledge;
    const stops = stopsOf(knowledge).flatMap(({ at, reason }) =>
      reason.kind === "switch" ? [{ at, reason }] : [],
    );
    const last = stops.at(-1);
    if (last === undefined) return;
    const phase = history.phases.findLast(({ start }) => start <= last.at.time);
    yield {
      title: `A switch of the system stopped the VM ${stops.length === 1 ? "once" : `${stops.length} times`}`,
      explanation:
        `${counted(stops.length, "stop")} of the VM, the last at ${moment(last.at.time)}, ${stops.length === 1 ? "belongs" : "belong"} to a switch to another configuration: a job asked for it, not a failure. ` +
        (last.reason.named
          ? "The switch lists the unit among those that it stops or restarts."
          : `The switch began at ${moment(last.reason.ref.time)}; that it asked for the stop follows from the time alone.`),
      certainty: last.reason.named ? "proven" : "strong",
      subject: { stops: stops.length },
      evidence: nonEmpty<EvidenceRef>(last.reason.ref, last.at),
      scope: { ...(phase === undefined ? {} : { phase: phase.index }), inForce: false },
    };
  },
});
