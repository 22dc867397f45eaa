import type { Invocation } from "../../evidence/journal.ts";
import type { EvidenceRef } from "../../evidence/reference.ts";
import { holdsEverything, journalCoverage } from "../../facts/journal-coverage.ts";
import { countOf, hasFailed } from "../../facts/starts.ts";
import { counted, moment } from "../../facts/wording.ts";
import { defineRule } from "../rule.ts";
import { nonEmpty } from "../scope.ts";

/** Starts that somebody stopped before they could get far show nothing. */
const mostWereCutShort = (starts: readonly Invocation[]): boolean =>
  countOf(starts.filter(hasFailed)) * 2 <= countOf(starts);

export default defineRule({
  id: "lifecycle/never-started",
  severity: "error",
  part: "symptom",
  docs: {
    what: "No invocation in the window ever reached its ready state.",
    why: "Whatever the guest would do with its secrets, it never got that far.",
    proof:
      "Every start of the window, none with a word of a guest, a readiness message, or half a minute of life; and a journal without a hole in which another start could hide.",
    ruledOut:
      "A readiness message, a line of the guest, or half a minute of life in any start; or a hole in the journal, in which such a start could lie.",
    confusedWith: [
      {
        id: "lifecycle/crash-loop",
        tell: "That one is about the repetition. A loop can also follow on starts that did reach a guest.",
      },
      {
        id: "lifecycle/condition-skipped",
        tell: "There no process ever ran, so there is no start at all.",
      },
      {
        id: "unrelated/start-timeout",
        tell: "There a guest does run, and only its readiness never reaches systemd.",
      },
    ],
    repair: "It is a symptom: repair what ends the starts.",
    upstream: [
      {
        project: "microvm.nix",
        note: "microvm@ is Type=simple unless the runner can notify: `Started` then means a forked process, not a running guest. Read at 71beea0.",
      },
    ],
    sources: [
      "systemd.service(5), Type=",
      "measured: `Started` is logged for a runner that dies at once",
    ],
  },
  requires: ["history", "vmJournal", "hostJournal"],
  *check({ history, vmJournal, hostJournal }) {
    const [first] = vmJournal.invocations;
    const final = vmJournal.invocations.at(-1);
    if (
      first === undefined ||
      final === undefined ||
      history.readyStarts.length > 0 ||
      history.running ||
      mostWereCutShort(vmJournal.invocations) ||
      !holdsEverything(hostJournal, { concerns: (unit) => unit === first.unit })
    )
      return;
    const coverage = journalCoverage(
      hostJournal,
      "no hole in the journal between its first and its last entry",
    );
    yield {
      title: `None of ${counted(countOf(vmJournal.invocations), "start")} got as far as a running guest`,
      explanation: `Between ${moment(hostJournal.first ?? first.first.time)} and ${moment(hostJournal.last ?? final.last.time)} no start lived for half a minute, reported readiness or let a guest speak.`,
      certainty: "strong",
      subject: { unit: first.unit, starts: countOf(vmJournal.invocations) },
      evidence: nonEmpty<EvidenceRef>(
        coverage,
        first.result?.ref ?? first.first,
        final.result?.ref ?? final.last,
        ...(history.runningBy === undefined ? [] : [history.runningBy]),
      ),
      scope: {
        starts: vmJournal.invocations.map(({ id }) => id),
        inForce: true,
        phase: history.phases.at(-1)?.index ?? 1,
      },
    };
  },
});
