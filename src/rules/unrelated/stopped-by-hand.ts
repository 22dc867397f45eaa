import type { EvidenceRef } from "../../evidence/reference.ts";
import { stopsOf } from "../../facts/stops.ts";
import { counted, moment } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

export default defineRule({
  id: "unrelated/stopped-by-hand",
  severity: "info",
  part: "note",
  docs: {
    what: "Somebody, or a unit that it is part of, stopped the VM with a stop job.",
    why: "A VM that was stopped is not broken. What failed before the stop is a story of its own.",
    proof:
      "A stop job for the unit (JOB_TYPE=stop); sudo's line shows who gave the command, where it was given through sudo. A crash has no such job.",
    ruledOut: "The run ended without a stop job: by an exit, a signal or a timeout of its own.",
    confusedWith: [
      {
        id: "unrelated/system-switch",
        tell: "There the stop jobs of several units share one second, and a switch of the system stands beside them.",
      },
      {
        id: "lifecycle/crash-loop",
        tell: "There systemd schedules each restart by itself, without a stop job in between.",
      },
      {
        id: "unrelated/vmm-crash",
        tell: "There a signal or a core dump ends the VMM, and nobody asked for it.",
      },
      {
        id: "lifecycle/clean-exit",
        tell: "There the guest ended itself with success.",
      },
    ],
    repair: "Nothing is broken. Start the VM if it is wanted.",
    sources: ["systemd.journal-fields(7)", "recordings of systemd 252, 257 and 262"],
  },
  requires: ["history", "vmJournal", "hostJournal"],
  *check(knowledge) {
    const { history } = knowledge;
    const stops = stopsOf(knowledge).filter(
      ({ reason }) => reason.kind === "operator" || reason.kind === "unknown",
    );
    const last = stops.at(-1);
    if (last === undefined) return;
    const phase = history.phases.findLast(({ start }) => start <= last.at.time);
    yield {
      title: last.stays ? "The VM was stopped and not started again" : "The VM was stopped",
      explanation:
        `systemd ended the unit at ${moment(last.at.time)} because of a stop job, not because of a failure.` +
        (last.reason.kind === "operator"
          ? " sudo shows the command that was given."
          : " Who asked for it is not in the journal.") +
        (stops.length > 1
          ? ` It is the last of ${counted(stops.length, "such stop")}; starts between stops by hand are no crash loop.`
          : ""),
      certainty: "proven",
      subject: { stops: stops.length },
      evidence: nonEmpty<EvidenceRef>(
        last.at,
        ...(last.reason.kind === "operator" ? [last.reason.ref] : []),
      ),
      scope: {
        ...(phase === undefined ? {} : { phase: phase.index }),
        inForce: last.stays,
      },
    };
  },
});
